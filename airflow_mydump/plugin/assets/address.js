// What the page shows is in its address's fragment: nothing, or #dag=…&run=….

export function shown() {
  const found = {};
  for (const part of location.hash.slice(1).split("&")) {
    const equals = part.indexOf("=");
    if (equals > 0) found[part.slice(0, equals)] = decoded(part.slice(equals + 1));
  }
  return found.dag && found.run ? { dag: found.dag, run: found.run } : null;
}

// Airflow 3.1 puts ids into addresses as they are: a percent sign of their own is then no escape.
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const listAddress = "#";

export function runAddress(dag, run) {
  return `#dag=${encodeURIComponent(dag)}&run=${encodeURIComponent(run)}`;
}

// The page lies one folder below Airflow's own pages.
export function taskAddress(dag, run, task, mapIndex) {
  const path = `../dags/${encodeURIComponent(dag)}/runs/${encodeURIComponent(run)}/tasks/${encodeURIComponent(task)}`;
  return mapIndex >= 0 ? `${path}/mapped/${mapIndex}` : path;
}

export function dagRunAddress(dag, run) {
  return `../dags/${encodeURIComponent(dag)}/runs/${encodeURIComponent(run)}`;
}

// Framed by Airflow, the page must not load one of Airflow's pages into its own frame.
export function leave(event) {
  if (window.parent === window || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const link = window.parent.document.createElement("a");
  link.href = event.currentTarget.href;
  link.click();
}
