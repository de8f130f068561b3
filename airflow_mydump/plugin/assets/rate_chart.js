// How fast rows moved, over time: an area under a line, with the figures of the place pointed at.

import { drawing, element } from "./element.js";
import { compact, duration, size } from "./format.js";

const HEIGHT = 210;
const LEFT = 58;
const BOTTOM = 24;
const TOP = 10;
const FIGURES = {
  rows: { title: "rows/s", text: compact },
  bytes: { title: "data/s", text: size },
};

let chosen = "rows";
// The drawing is scaled to its place: on a narrow page a narrower drawing keeps its text readable.
let width = 640;

export function rateChart(timeline) {
  width = innerWidth < 760 ? 380 : 640;
  const place = element("div", { class: "chart" });
  const choices = Object.entries(FIGURES).map(([name, { title }]) =>
    element(
      "button",
      { type: "button", on: { click: () => choose(name) }, "aria-pressed": String(name === chosen), "data-name": name },
      title,
    ),
  );
  const choose = (name) => {
    chosen = name;
    for (const button of choices) button.setAttribute("aria-pressed", String(button.dataset.name === name));
    place.replaceChildren(curve(timeline, name));
  };
  choose(chosen);
  return element(
    "section",
    { class: "card" },
    element("div", { class: "head" }, element("h2", {}, "Speed"), element("div", { class: "choice" }, choices)),
    place,
  );
}

function curve(timeline, name) {
  const values = timeline[name];
  const { text, title } = FIGURES[name];
  const top = ceiling(Math.max(...values));
  const step = (width - LEFT) / values.length;
  const x = (place) => LEFT + place * step;
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  // Each value holds for its step of time.
  const points = values.flatMap((value, place) => [`${x(place)},${y(value)}`, `${x(place + 1)},${y(value)}`]);
  const floor = y(0);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const picture = drawing(
    "svg",
    {
      viewBox: `0 0 ${width} ${HEIGHT}`,
      role: "img",
      "aria-label": `${title} over ${duration(values.length * timeline.step)}: ${text(mean)} on average, ${text(Math.max(...values))} at most`,
    },
    [0, 0.25, 0.5, 0.75, 1].map((share) => gridLine(y(share * top), text(share * top))),
    drawing("polygon", { class: "area", points: `${LEFT},${floor} ${points.join(" ")} ${x(values.length)},${floor}` }),
    drawing("polyline", { class: "line", points: points.join(" ") }),
    drawing("line", { class: "mean", x1: LEFT, x2: width, y1: y(mean), y2: y(mean) }),
    [0, 0.25, 0.5, 0.75, 1].map((share) => timeLabel(share, values.length * timeline.step)),
  );
  picture.append(...pointer(picture, values, x, y, (place) => `${text(values[place])}${name === "rows" ? " rows/s" : "/s"} after ${duration(place * timeline.step)}`));
  return picture;
}

function gridLine(height, label) {
  return [
    drawing("line", { class: "grid", x1: LEFT, x2: width, y1: height, y2: height }),
    drawing("text", { x: LEFT - 8, y: height + 4, "text-anchor": "end" }, label),
  ];
}

function timeLabel(share, seconds) {
  const anchor = share === 0 ? "start" : share === 1 ? "end" : "middle";
  return drawing(
    "text",
    { x: LEFT + share * (width - LEFT), y: HEIGHT - 6, "text-anchor": anchor },
    share === 0 ? "start" : duration(share * seconds),
  );
}

function pointer(picture, values, x, y, say) {
  const mark = drawing("g", { class: "pointer", visibility: "hidden" });
  const stick = drawing("line", { y1: TOP, y2: HEIGHT - BOTTOM });
  const dot = drawing("circle", { r: 4 });
  const words = drawing("text", { y: TOP + 12 });
  mark.append(stick, dot, words);
  picture.addEventListener("pointerleave", () => mark.setAttribute("visibility", "hidden"));
  picture.addEventListener("pointermove", (event) => {
    const box = picture.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * width;
    const place = Math.min(values.length - 1, Math.max(0, Math.floor((at - LEFT) / ((width - LEFT) / values.length))));
    const middle = (x(place) + x(place + 1)) / 2;
    for (const each of ["x1", "x2"]) stick.setAttribute(each, middle);
    dot.setAttribute("cx", middle);
    dot.setAttribute("cy", y(values[place]));
    const right = middle > width * 0.65;
    words.setAttribute("x", middle + (right ? -8 : 8));
    words.setAttribute("text-anchor", right ? "end" : "start");
    words.textContent = say(place);
    mark.setAttribute("visibility", "visible");
  });
  return [mark];
}

// The next round number: 1, 2, 2.5 or 5 times a power of ten; four parts of it are round too.
function ceiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 4, 6, 8, 10].find((times) => times * power >= value);
}
