/* Errors in plain words, with what the gateway said and when to try again. */

import { clear, put } from "./texts.js";

const KNOWN = {
  invalid_key: "problem_key",
  missing_scope: "problem_scope",
  rate_limit_exceeded: "problem_limit",
  serving_stopped: "problem_stopped",
  switch_unreadable: "problem_busy",
  store_unavailable: "problem_store",
  nothing_deployed: "problem_nothing_deployed",
  overloaded: "problem_busy",
  too_slow: "problem_slow",
  upload_too_slow: "problem_slow",
  question_too_long: "problem_long",
  too_large: "problem_long",
  no_context: "problem_passage",
  unknown_answer: "problem_gone",
  no_feedback: "problem_no_feedback",
  not_your_answer: "problem_not_yours",
};

const kind = (reply) => {
  if (reply.status === 0) return "problem_offline";
  const fallback = reply.status >= 400 && reply.status < 500 ? "problem_request" : "problem_service";
  return KNOWN[reply.body?.error?.code] ?? fallback;
};

/** Show in `place`, a live region, why there is no answer. */
export function showProblem(place, reply) {
  const box = document.createElement("div");
  box.className = "notice";
  const reason = document.createElement("p");
  put(reason, kind(reply));
  box.append(reason);
  const message = reply.body?.error?.message;
  if (typeof message === "string" && message) {
    const label = document.createElement("span");
    put(label, "service_said");
    const said = document.createElement("span");
    said.lang = reply.language;
    said.textContent = message;
    const line = document.createElement("p");
    line.className = "small";
    line.append(label, " ", said);
    box.append(line);
  }
  place.replaceChildren(box);
}

let timer = 0;

/** Count the seconds of Retry-After down in `place`. It is read out once more when they are over. */
export function countDown(place, seconds) {
  clearInterval(timer);
  place.hidden = !seconds;
  clear(place);
  if (!seconds) return;
  const end = Date.now() + seconds * 1000;
  const show = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left <= 0) clearInterval(timer);
    place.setAttribute("aria-live", left > 0 ? "off" : "polite");
    put(place, left > 0 ? "retry_in" : "retry_now", { seconds: left });
  };
  show();
  timer = setInterval(show, 1000);
}
