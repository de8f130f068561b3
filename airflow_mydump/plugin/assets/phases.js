// The phases over time: a bar from the first start to the last end of each one's tasks.

import { badge } from "./badge.js";
import { dagRunAddress, leave, taskAddress } from "./address.js";
import { element } from "./element.js";
import { count, duration, many, state } from "./format.js";

const ENDED = new Set(["success", "failed", "upstream_failed", "skipped", "removed"]);

// Airflow gives these a start too, of no length.
const UNSTARTED = new Set(["upstream_failed", "skipped", "removed"]);

export function phaseBars(run, move, now) {
  const starts = move.phases.map((phase) => phase.started).filter((start) => start !== null);
  const ends = move.phases.map((phase) => phase.ended ?? (phase.started === null ? null : now)).filter((end) => end !== null);
  const [begin, end] = [Math.min(...starts), Math.max(...ends)];
  const span = Math.max(end - begin, 1);
  return element(
    "section",
    { class: "card" },
    element("h2", {}, "Phases"),
    element("div", { class: "phases" }, move.phases.map((phase) => phaseBar(run, phase, begin, span, now))),
  );
}

function phaseBar(run, phase, begin, span, now) {
  const last = phase.ended ?? now;
  const ended = phase.tasks.filter((task) => ENDED.has(task.state)).length;
  const begun = phase.started !== null && !UNSTARTED.has(phase.state);
  const bar =
    begun &&
    element("span", {
      class: `bar ${phase.state ?? "none"}`,
      style: {
        left: `${(100 * (phase.started - begin)) / span}%`,
        width: `${Math.max(0.6, (100 * (last - phase.started)) / span)}%`,
      },
    });
  const tasks = mapped(phase) && begun ? `${count(ended)} of ${many(phase.tasks.length, "task")}` : "";
  return element(
    "div",
    { class: "row" },
    element("a", { class: "phase", href: phaseAddress(run, phase), on: { click: leave } }, phase.name),
    element("span", { class: "track" }, bar),
    element("span", { class: "number" }, begun ? duration(last - phase.started) : ""),
    element("span", { class: "quiet" }, tasks),
    badge(phase.state),
  );
}

const mapped = (phase) => phase.tasks.some((task) => task.map_index >= 0);

function phaseAddress(run, phase) {
  const task = taskAddress(run.dag_id, run.run_id, phase.task_id, -1);
  return mapped(phase) ? `${task}/mapped` : task;
}

// A square for each mapped task, in the order of their numbers.
export function taskSquares(run, move, now) {
  const phases = move.phases.filter((phase) => mapped(phase) && !UNSTARTED.has(phase.state));
  if (!phases.length) return null;
  return element(
    "section",
    { class: "card" },
    element("h2", {}, "Tasks"),
    phases.map((phase) => [
      element("h3", {}, phase.name, element("span", { class: "quiet" }, ` ${tally(phase)}`)),
      element("div", { class: "squares" }, phase.tasks.map((task) => square(run, phase, task, now))),
    ]),
    element("p", { class: "quiet" }, element("a", { href: dagRunAddress(run.dag_id, run.run_id), on: { click: leave } }, "All tasks in Airflow")),
  );
}

function tally(phase) {
  const states = new Map();
  for (const task of phase.tasks) states.set(task.state, (states.get(task.state) ?? 0) + 1);
  return [...states].map(([name, number]) => `${count(number)} ${state(name)}`).join(", ");
}

function square(run, phase, task, now) {
  const took = task.started === null ? "" : `, ${duration((task.ended ?? now) - task.started)}`;
  const rows = task.rows ? `, ${many(task.rows, "row")}` : "";
  const tries = task.tries > 1 ? `, try ${task.tries}` : "";
  const title = `${task.label || task.map_index}: ${state(task.state)}${took}${rows}${tries}`;
  return element("a", {
    class: `square ${task.state ?? "none"}`,
    href: taskAddress(run.dag_id, run.run_id, phase.task_id, task.map_index),
    title,
    "aria-label": title,
    on: { click: leave },
  });
}
