// Tables, chunks and databases, each with a bar for what matters about it.

import { badge } from "./badge.js";
import { element } from "./element.js";
import { compact, count, duration, many, size } from "./format.js";

export function largestTables({ tables }) {
  const most = Math.max(1, ...tables.map((table) => table.bytes));
  return element(
    "section",
    { class: "card" },
    element("h2", {}, "Largest tables"),
    element(
      "ul",
      { class: "bars" },
      tables.map((table) => {
        const width = (100 * table.bytes) / most;
        const share = (done) => `${(width * done) / Math.max(1, table.chunks)}%`;
        return element(
          "li",
          { title: `${table.name}: about ${count(table.rows)} rows in ${many(table.chunks, "chunk")}, ${table.reason}` },
          element("span", { class: "name" }, table.name),
          element("span", { class: "number" }, `${size(table.bytes)}, ${progress(table)}`),
          element(
            "span",
            { class: "track" },
            element("span", { class: "bar planned", style: { width: `${width}%` } }),
            element("span", { class: "bar running", style: { width: share(table.moved) } }),
            element("span", { class: "bar success", style: { width: share(table.verified) } }),
          ),
        );
      }),
    ),
    element(
      "p",
      { class: "legend quiet" },
      element("span", { class: "bar planned" }), "planned ",
      element("span", { class: "bar running" }), "moved ",
      element("span", { class: "bar success" }), "verified",
    ),
  );
}

function progress(table) {
  if (table.verified >= table.chunks) return many(table.chunks, "chunk");
  return table.moved >= table.chunks ? `${many(table.chunks, "chunk")} moved` : `${count(table.moved)} of ${many(table.chunks, "chunk")}`;
}

export function slowestChunks({ slowest }) {
  const most = Math.max(...slowest.map((chunk) => chunk.seconds), 0.01);
  return element(
    "section",
    { class: "card" },
    element("h2", {}, "Slowest chunks"),
    element(
      "ul",
      { class: "bars" },
      slowest.map((chunk) =>
        element(
          "li",
          { title: `${chunk.table}, chunk ${chunk.chunk}: ${many(chunk.rows, "row")}` },
          element("span", { class: "name" }, chunk.table, element("span", { class: "quiet" }, ` chunk ${Number(chunk.chunk.split(".")[1]) + 1}`)),
          element("span", { class: "number" }, `${duration(chunk.seconds)}, ${size(chunk.bytes)}`),
          element("span", { class: "track" }, element("span", { class: "bar slow", style: { width: `${(100 * chunk.seconds) / most}%` } })),
        ),
      ),
    ),
  );
}

export function tenants({ tenants: found }) {
  const titles = ["Database", "Tables", "Objects", "Rows", "Data", "Seconds", "Rows/s", "Verified"];
  const heads = titles.map((title, place) => element("th", { scope: "col", class: place > 0 && place < 7 && "number" }, title));
  const cell = (title, content) => element("td", { "data-title": title, class: "number" }, content);
  return element(
    "section",
    { class: "card wide" },
    element("h2", {}, "Databases"),
    element(
      "table",
      {},
      element("thead", {}, element("tr", {}, heads)),
      element(
        "tbody",
        {},
        found.map((tenant) =>
          element(
            "tr",
            {},
            element("td", { class: "name" }, tenant.schema),
            cell("Tables", count(tenant.tables)),
            cell("Objects", count(tenant.objects)),
            cell("Rows", count(tenant.rows)),
            cell("Data", size(tenant.bytes)),
            cell("Seconds", tenant.seconds.toFixed(1)),
            cell("Rows/s", tenant.seconds ? compact(tenant.rows / tenant.seconds) : ""),
            element("td", { "data-title": "Verified" }, tenant.verified ? badge("success", "verified") : badge("failed", "no")),
          ),
        ),
      ),
    ),
  );
}
