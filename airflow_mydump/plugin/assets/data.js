// Asks the page's own server for data. Airflow knows the user by a cookie; Airflow 3.1 keeps its token elsewhere.

export class Refused extends Error {}

export async function fetchRuns() {
  return fetchData("api/runs");
}

export async function fetchRun(dag, run) {
  return fetchData(`api/dags/${encodeURIComponent(dag)}/runs/${encodeURIComponent(run)}`);
}

// Whether the cookie was refused: then the token is tried first.
let withToken = false;

async function fetchData(address) {
  let answer = await ask(address);
  if (answer.status === 401 && localStorage.getItem("token")) {
    withToken = !withToken;
    answer = await ask(address);
  }
  if (answer.status === 401) throw new Refused("You are not logged in: open Airflow, log in, and come back.");
  if (answer.status === 403) throw new Refused("You may not read this DAG.");
  if (answer.status === 404) throw new Refused("This run has no migration, dump or restore.");
  if (!answer.ok) throw new Error(`Airflow answers ${answer.status}; trying again.`);
  return answer.json();
}

function ask(address) {
  const token = withToken ? localStorage.getItem("token") : null;
  return fetch(address, { headers: token ? { Authorization: `Bearer ${token}` } : {} });
}
