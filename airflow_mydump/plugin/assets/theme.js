// Light or dark as Airflow's own switch says; where there is none, as the system does.

export function followTheme() {
  apply();
  addEventListener("storage", (event) => {
    if (event.key === "theme") apply();
  });
}

function apply() {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
}
