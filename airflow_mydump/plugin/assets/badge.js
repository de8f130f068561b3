// A state, as a word with its colour.

import { element } from "./element.js";
import { state } from "./format.js";

export function badge(name, word = state(name)) {
  return element("span", { class: `badge ${name ?? "none"}` }, word);
}
