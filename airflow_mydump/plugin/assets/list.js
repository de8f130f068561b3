// The list of runs: what is moving now first, then a line for each.

import { runAddress } from "./address.js";
import { element } from "./element.js";
import { compact, count, duration, many, moment, size, state } from "./format.js";
import { badge } from "./badge.js";

let wanted = "";

export function drawList({ now, runs }) {
  const rows = runs.map((run) => line(run, now, longest(runs, now)));
  const search = element("input", {
    type: "search",
    placeholder: "Filter by DAG or run",
    "aria-label": "Filter by DAG or run",
    value: wanted,
    on: {
      input: (event) => {
        wanted = event.target.value;
        narrow(rows, runs);
      },
    },
  });
  search.value = wanted;
  narrow(rows, runs);
  return [
    element("header", { class: "title" }, element("h1", {}, "Migrations"), totals(runs), search),
    runs.length ? table(rows) : element("p", { class: "empty" }, "No run of a migration, dump or restore is recorded yet."),
  ];
}

function totals(runs) {
  const running = runs.filter((run) => run.state === "running").length;
  const failed = runs.filter((run) => run.state === "failed").length;
  return element(
    "p",
    { class: "quiet" },
    many(runs.length, "run"),
    running ? `, ${count(running)} running` : "",
    failed ? `, ${count(failed)} failed` : "",
  );
}

function table(rows) {
  const titles = ["Run", "Kind", "State", "Started", "Duration", "Tables", "Rows", "Data", "Rows/s", "Verified"];
  const numbers = new Set(["Tables", "Rows", "Data", "Rows/s"]);
  const heads = titles.map((title) => element("th", { scope: "col", class: numbers.has(title) && "number" }, title));
  return element(
    "div",
    { class: "card wide" },
    element("table", { class: "runs" }, element("thead", {}, element("tr", {}, heads)), element("tbody", {}, rows)),
  );
}

function line(run, now, most) {
  const seconds = lasted(run, now);
  const rate = run.rows && seconds ? run.rows / seconds : null;
  const cell = (title, content, kind = "") => element("td", { "data-title": title, class: kind }, content ?? "");
  return element(
    "tr",
    {},
    element(
      "td",
      { class: "name" },
      element("a", { href: runAddress(run.dag_id, run.run_id) }, run.dag_id),
      element("span", { class: "quiet" }, run.run_id),
    ),
    cell("Kind", run.kinds.join(", ")),
    cell("State", badge(run.state)),
    cell("Started", run.started ? moment(run.started) : ""),
    cell("Duration", seconds === null ? "" : lengthBar(seconds, most, run.state)),
    cell("Tables", run.tables ? count(run.tables) : "", "number"),
    cell("Rows", run.rows === null ? "" : compact(run.rows), "number"),
    cell("Data", run.bytes === null ? "" : size(run.bytes), "number"),
    cell("Rows/s", rate === null ? "" : compact(rate), "number"),
    cell("Verified", verdict(run)),
  );
}

function verdict(run) {
  if (run.verified === null) return "";
  return run.verified ? badge("success", "verified") : badge("failed", "incomplete");
}

function lengthBar(seconds, most, name) {
  const share = `${Math.max(2, (100 * seconds) / most)}%`;
  return element(
    "span",
    { class: "length" },
    element("span", { class: "track" }, element("span", { class: `bar ${name}`, style: { width: share } })),
    element("span", {}, duration(seconds)),
  );
}

const lasted = (run, now) => (run.started ? (run.ended ?? now) - run.started : null);

const longest = (runs, now) => Math.max(1, ...runs.map((run) => lasted(run, now) ?? 0));

function narrow(rows, runs) {
  const text = wanted.trim().toLowerCase();
  rows.forEach((row, place) => {
    const run = runs[place];
    row.hidden = !`${run.dag_id} ${run.run_id} ${run.kinds} ${state(run.state)}`.toLowerCase().includes(text);
  });
}
