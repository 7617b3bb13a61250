/* Feedback on the answer that is shown: sent, changed by sending it again, and taken back. */

import { send } from "./gateway.js";
import { showProblem } from "./problems.js";
import { clear, put } from "./texts.js";

const at = (id) => document.getElementById(id);
const form = () => at("feedback-form");
let answerId = "";
let longest = 0;

/** Offer to rate an answer; `id`: its answer_id, "" for none. */
export function offerFeedback(id) {
  answerId = id;
  form().reset();
  at("take-back").hidden = true;
  clear(at("feedback-problem"));
  clear(at("feedback-state"));
  at("feedback").hidden = !id;
}

/** Return what the form says, without what it leaves open. */
function said() {
  const filled = [...new FormData(form())].filter(([, value]) => value.trim());
  const fields = Object.fromEntries(filled);
  return fields.stars ? { ...fields, stars: Number(fields.stars) } : fields;
}

/** Return why the gateway would not accept the feedback, as the key of a text; "" if it would. */
function fault(fields) {
  if (Object.keys(fields).length === 0) return "feedback_empty";
  const against = { up: [1, 2], down: [4, 5] }[fields.rating] ?? [];
  if (against.includes(fields.stars)) return "feedback_contradiction";
  const texts = [fields.reason ?? "", fields.correction ?? ""];
  return texts.some((text) => [...text].length > longest) ? "feedback_long" : "";
}

function say(key, values) {
  clear(at("feedback-problem"));
  put(at("feedback-state"), key, values);
}

function complain(fill) {
  clear(at("feedback-state"));
  clear(at("feedback-problem"));
  fill(at("feedback-problem"));
}

async function give() {
  const fields = said();
  const wrong = fault(fields);
  if (wrong) {
    complain((place) => put(place, wrong));
    return;
  }
  const rated = answerId;
  const reply = await send("POST", "v1/feedback", { answer_id: rated, ...fields });
  if (rated !== answerId) return;
  if (reply.status !== 202) {
    complain((place) => showProblem(place, reply));
    return;
  }
  at("take-back").hidden = false;
  say(reply.body?.counted_as === "identity" ? "feedback_thanks" : "feedback_counted");
}

async function takeBack() {
  const rated = answerId;
  const reply = await send("DELETE", `v1/feedback/${encodeURIComponent(rated)}`);
  if (rated !== answerId) return;
  if (reply.status !== 204) {
    complain((place) => showProblem(place, reply));
    return;
  }
  form().reset();
  at("send").focus();
  at("take-back").hidden = true;
  say("feedback_taken_back");
}

/** Make the form work. `characters`: the longest text that the gateway accepts. */
export function startFeedback(characters) {
  longest = characters;
  form().addEventListener("submit", (event) => {
    event.preventDefault();
    give();
  });
  at("take-back").addEventListener("click", takeBack);
}
