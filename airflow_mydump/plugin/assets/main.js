// Shows the list of runs or one run, and asks again for as long as something moves.

import { shown } from "./address.js";
import { fetchRun, fetchRuns, Refused } from "./data.js";
import { drawList } from "./list.js";
import { drawRun } from "./run.js";
import { followTheme } from "./theme.js";

const RUNNING_SECONDS = 3;
const IDLE_SECONDS = 20;
const MOVING = new Set(["running", "queued"]);

const view = document.getElementById("view");
const notice = document.getElementById("notice");
let visit = 0;
let timer = 0;

async function show() {
  const current = ++visit;
  clearTimeout(timer);
  const run = shown();
  let wait = IDLE_SECONDS;
  try {
    const data = run ? await fetchRun(run.dag, run.run) : await fetchRuns();
    if (current !== visit) return;
    const moving = run ? MOVING.has(data.run.state) : data.runs.some((each) => MOVING.has(each.state));
    view.replaceChildren(...(run ? drawRun(data) : drawList(data)));
    view.setAttribute("aria-busy", "false");
    document.title = run ? `${data.run.dag_id} · Migration` : "Migrations";
    notice.hidden = true;
    if (moving) wait = RUNNING_SECONDS;
    else if (run) wait = 0;
  } catch (error) {
    if (current !== visit) return;
    notice.textContent = error instanceof TypeError ? "Airflow does not answer; trying again." : error.message;
    notice.hidden = false;
    if (error instanceof Refused) {
      view.replaceChildren();
      wait = 0;
    }
  }
  // What has ended may be cleared and run again, so that it is looked at anew when somebody comes back.
  if (wait && !document.hidden) timer = setTimeout(show, wait * 1000);
}

followTheme();
addEventListener("hashchange", () => {
  scrollTo(0, 0);
  show();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) show();
});
show();
