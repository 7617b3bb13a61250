/* An answer: its text, its disclaimer, its sources and the version that wrote it. Nothing in it is read as HTML. */

import { clear, put } from "./texts.js";

const at = (id) => document.getElementById(id);
const shown = (value) => (typeof value === "string" || typeof value === "number" ? String(value).trim() : "");

/** Show a response of /v1/ask. */
export function showAnswer(question, body, language) {
  at("asked").textContent = question;
  at("answer-text").textContent = body.answer;
  at("answer-text").lang = language;
  at("disclaimers").hidden = Boolean(body.refused); /* it says that a model wrote the answer */
  at("disclaimer").textContent = shown(body.disclaimer);
  put(at("answer-title"), body.refused ? "refused_title" : "answer_title");
  if (body.refused) put(at("written-by"), "written_by_rules", { id: body.answer_id });
  else put(at("written-by"), "written_by", { version: body.model_version, adapter: body.adapter, id: body.answer_id });
  const sources = Array.isArray(body.sources) ? body.sources.filter((source) => source && typeof source === "object") : [];
  at("source-list").replaceChildren(...sources.map((source) => item(source, language)));
  at("sources").hidden = sources.length === 0;
  at("answer").hidden = false;
}

/** Show no answer. */
export function hideAnswer() {
  at("answer").hidden = true;
  for (const id of ["asked", "answer-text", "disclaimer", "written-by", "source-list"]) clear(at(id));
}

/** Return a link's address if a browser may follow it: http or https, and nothing that runs. */
function address(url) {
  try {
    const parsed = new URL(shown(url));
    return ["http:", "https:"].includes(parsed.protocol) ? parsed.href : "";
  } catch {
    return "";
  }
}

function item(source, language) {
  const entry = document.createElement("li");
  const href = address(source.url);
  const title = document.createElement(href ? "a" : "span");
  title.textContent = shown(source.title) || shown(source.id) || href;
  title.lang = language;
  if (href) {
    title.href = href;
    title.rel = "noopener noreferrer";
    title.target = "_blank";
  }
  entry.append(title);
  const about = document.createElement("p");
  about.className = "source-about";
  for (const name of ["standing", "date", "id"]) {
    if (!shown(source[name])) continue;
    const part = document.createElement("span");
    put(part, `source_${name}`, { value: shown(source[name]) });
    about.append(about.childNodes.length ? " · " : "", part);
  }
  if (about.childNodes.length) entry.append(about);
  if (shown(source.quote)) {
    const quote = document.createElement("blockquote");
    quote.textContent = shown(source.quote);
    quote.lang = language;
    entry.append(quote);
  }
  return entry;
}
