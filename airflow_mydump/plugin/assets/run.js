// One run: a migration, a dump, a restore, or several of them.

import { dagRunAddress, leave, listAddress, taskAddress } from "./address.js";
import { badge } from "./badge.js";
import { element } from "./element.js";
import { compact, count, duration, many, moment, size, state } from "./format.js";
import { phaseBars, taskSquares } from "./phases.js";
import { rateChart } from "./rate_chart.js";
import { largestTables, slowestChunks, tenants } from "./tables.js";

export function drawRun({ now, run, moves }) {
  return [
    element(
      "header",
      { class: "title" },
      element("p", { class: "crumb" }, element("a", { href: listAddress }, "Migrations"), " / "),
      element("h1", {}, element("a", { href: dagRunAddress(run.dag_id, run.run_id), on: { click: leave } }, run.dag_id)),
      badge(run.state),
      element("p", { class: "quiet" }, run.run_id, run.started ? `, started ${moment(run.started)}` : ""),
    ),
    ...moves.map((move) => drawMove(run, move, now, moves.length > 1)),
  ];
}

function drawMove(run, move, now, named) {
  const { outline } = move;
  return element(
    "article",
    {},
    named && element("h2", { class: "group" }, `${move.kind ?? ""} ${move.group}`.trim()),
    failures(run, move),
    figures(run, move, now),
    phaseBars(run, move, now),
    element(
      "div",
      { class: "columns" },
      move.timeline && rateChart(move.timeline),
      taskSquares(run, move, now),
      outline && outline.largest.length > 0 && largestTables(move),
      move.slowest.length > 0 && slowestChunks(move),
    ),
    move.report && tenants(move.report),
    outline && facts(move),
  );
}

const SHOWN = 3;
let opened = false;

function failures(run, move) {
  if (!move.failures.length) return null;
  const [first, rest] = [move.failures.slice(0, SHOWN), move.failures.slice(SHOWN)];
  return element(
    "section",
    { class: "card failures" },
    element("h2", {}, "What went wrong"),
    first.map((failure) => failureText(run, failure)),
    rest.length > 0 &&
      element(
        "details",
        { open: opened ? "" : null, on: { toggle: (event) => (opened = event.target.open) } },
        element("summary", {}, `${count(rest.length)} more`),
        rest.map((failure) => failureText(run, failure)),
      ),
  );
}

function failureText(run, failure) {
  const address = taskAddress(run.dag_id, run.run_id, failure.task_id, failure.map_index);
  return element(
    "div",
    {},
    element("a", { href: address, on: { click: leave } }, `${failure.task_id} ${failure.label}`.trim()),
    element("span", { class: "quiet" }, ` ${state(failure.state)}, try ${failure.tries}`),
    element("p", {}, failure.message || "The task's log says why."),
  );
}

function figures(run, move, now) {
  const { outline } = move;
  const total = move.report ? sum(move.report.tenants, "rows") : move.dump_report?.rows;
  const seconds = run.started === null ? null : (run.ended ?? now) - run.started;
  const share = outline && outline.chunks ? move.chunks / outline.chunks : 0;
  return element(
    "section",
    { class: "figures" },
    figure("Rows", total === undefined ? compact(move.rows) : figured(total), outline && total === undefined ? `of about ${compact(outline.rows)}` : ""),
    figure("Data", size(move.report ? sum(move.report.tenants, "bytes") : move.bytes), outline ? many(outline.tables, "table") : ""),
    outline && figure("Chunks", count(move.chunks), `of ${count(outline.chunks)}`, share),
    move.rate !== null && figure("Rows/s", compact(move.rate), "lately"),
    move.remaining !== null && figure("Data left", `about ${duration(move.remaining)}`, "at this speed"),
    seconds !== null && figure(run.ended ? "Took" : "Running for", duration(seconds), move.timeline && !move.rate ? "all phases" : ""),
    verdict(move),
  );
}

function figure(title, value, detail = "", share = null) {
  return element(
    "div",
    { class: "figure" },
    element("span", { class: "quiet" }, title),
    element("strong", {}, value),
    element("span", { class: "quiet" }, detail || "\u00a0"),
    share !== null && element("span", { class: "track" }, element("span", { class: "bar success", style: { width: `${100 * share}%` } })),
  );
}

function verdict(move) {
  if (move.dump_report) return figure("Dump", "complete", size(move.dump_report.file_bytes) + " of files");
  if (!move.report) return null;
  const { differences, tenants: found, verify } = move.report;
  if (differences.length) return figure("Verification", "incomplete", many(differences.length, "difference"));
  if (!verify) return figure("Verification", "none", "as it was asked for");
  return found.every((tenant) => tenant.verified)
    ? figure("Verification", "verified", "every chunk compared")
    : figure("Verification", "incomplete");
}

function facts(move) {
  const { outline, report } = move;
  const lines = [
    ["From", outline.source],
    ["To", outline.target],
    ["Consistency", report?.consistency ?? move.dump_report?.consistency ?? outline.consistency],
    ["Other objects", count(outline.objects)],
    ...(report?.differences ?? []).map((difference) => ["Missing", difference]),
    ...outline.notes.map((note) => ["Note", note]),
  ];
  return element(
    "section",
    { class: "card" },
    element("h2", {}, "About this run"),
    element("dl", {}, lines.map(([title, text]) => [element("dt", {}, title), element("dd", {}, text)])),
  );
}

const figured = (number) => (number < 1e8 ? count(number) : compact(number));

const sum = (items, name) => items.reduce((total, item) => total + item[name], 0);
