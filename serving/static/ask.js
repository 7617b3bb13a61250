/* The page on which people ask: terms, key, question, answer. */

import { hideAnswer, showAnswer } from "./answer.js";
import { pointsToHelp, showAlarm, showUrgentLine } from "./emergency.js";
import { offerFeedback, startFeedback } from "./feedback.js";
import { key, send } from "./gateway.js";
import { device } from "./memory.js";
import { countDown, showProblem } from "./problems.js";
import { LANGUAGES, clear, preferred, put, use } from "./texts.js";

const TERMS = "1"; /* Changed terms get another number, and are asked for again. */
const at = (id) => document.getElementById(id);
let waiting = null;
let needsKey = false;

function showTerms(accepted) {
  at("terms").hidden = accepted;
  at("terms-again").hidden = !accepted;
  at("asking").hidden = !accepted;
}

function startTerms() {
  showTerms(device.read("medpipe.terms") === TERMS);
  at("accept").addEventListener("click", () => {
    device.write("medpipe.terms", TERMS);
    showTerms(true);
    (at("key").open ? at("key-value") : at("question")).focus();
  });
  at("terms-again").addEventListener("click", () => {
    device.forget("medpipe.terms");
    showTerms(false);
    at("accept").focus();
  });
}

function showKey() {
  at("key-needed").hidden = !needsKey || Boolean(key.read());
  at("key-forget").hidden = !key.read();
}

function startKey() {
  at("key").open = needsKey && !key.read();
  showKey();
  at("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const value = at("key-value").value.trim();
    if (!/^[\x21-\x7e]+$/.test(value)) {
      put(at("key-state"), "key_malformed");
      return;
    }
    key.use(value);
    at("key-value").value = "";
    put(at("key-state"), "key_used");
    clear(at("ask-problem"));
    showKey();
  });
  at("key-forget").addEventListener("click", () => {
    key.forget();
    put(at("key-state"), "key_forgotten");
    showKey();
    at("key-value").focus();
  });
}

function clearAnswer() {
  for (const id of ["alarm", "ask-problem", "question-problem", "waiting"]) clear(at(id));
  countDown(at("retry"), 0);
  hideAnswer();
  offerFeedback("");
}

function wrongQuestion(reason, values) {
  put(at("question-problem"), reason, values);
  at("question").setAttribute("aria-invalid", "true");
  at("question").focus();
}

function showReply(question, reply) {
  const body = reply.body;
  if (reply.status === 200 && typeof body?.answer === "string") {
    if (body.refused) showAlarm(at("alarm"), body.answer);
    showAnswer(question, body, reply.language);
    offerFeedback(body.answer_id);
    (body.refused ? at("alarm") : at("answer")).scrollIntoView({ block: "start" });
    return;
  }
  const said = body?.error?.message ?? "";
  if (reply.status === 0 || reply.status >= 500 || pointsToHelp(said)) showAlarm(at("alarm"), said);
  showProblem(at("ask-problem"), reply);
  countDown(at("retry"), reply.wait);
  if (reply.status === 401) {
    at("key").open = true;
    at("key-value").focus();
  }
}

async function ask(longest) {
  const question = at("question").value.trim();
  waiting?.abort();
  clearAnswer();
  at("question").removeAttribute("aria-invalid");
  if (!question) return wrongQuestion("question_empty");
  if ([...question].length > longest) return wrongQuestion("question_long", { longest });
  const attempt = new AbortController();
  waiting = attempt;
  at("cancel").hidden = false;
  put(at("waiting"), "waiting");
  try {
    const reply = await send("POST", "v1/ask", { question }, attempt.signal);
    if (waiting !== attempt) return;
    clear(at("waiting"));
    showReply(question, reply);
  } catch (error) {
    if (!attempt.signal.aborted) throw error;
    if (waiting === attempt) put(at("waiting"), "cancelled");
  } finally {
    if (waiting === attempt) {
      waiting = null;
      if (document.activeElement === at("cancel")) at("question").focus();
      at("cancel").hidden = true;
    }
  }
}

function startAsking(longest) {
  at("ask-form").addEventListener("submit", (event) => {
    event.preventDefault();
    ask(longest);
  });
  at("cancel").addEventListener("click", () => waiting?.abort());
}

async function show(language) {
  await use(language);
  at("language").value = language;
  showUrgentLine(at("urgent-numbers"));
  /* An alarm that is shown gets the numbers of the new language. */
  if (at("alarm").childElementCount) showAlarm(at("alarm"), at("answer-text").textContent);
}

function startLanguages() {
  at("language").append(...Object.entries(LANGUAGES).map(([tag, name]) => {
    const option = new Option(name, tag);
    option.lang = tag;
    return option;
  }));
  at("language").addEventListener("change", async () => {
    const language = at("language").value;
    device.write("medpipe.language", language);
    await show(language);
  });
}

async function start() {
  startLanguages();
  await show(preferred());
  const response = await fetch("page/settings");
  if (!response.ok) throw new Error("the settings cannot be loaded");
  const settings = await response.json();
  needsKey = settings.needs_key;
  startKey();
  startFeedback(settings.correction);
  startAsking(settings.question);
  startTerms();
}

start().catch((error) => {
  at("broken").hidden = false;
  throw error;
});
