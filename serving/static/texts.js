/* The page's texts in the reader's language. Each language is one file of data. */

import { device } from "./memory.js";

export const LANGUAGES = { en: "English", fr: "Français", es: "Español" };
const FALLBACK = "en";
let texts = {};

/** Return a text; `{name}` in it stands for a value. */
export function text(key, values = {}) {
  if (!(key in texts)) throw new Error(`no text has the key ${key}`);
  return texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Return a list: a text whose parts are separated by blanks. */
export const list = (key) => text(key).split(" ").filter(Boolean);

/** Show a text in an element, also after the language was changed. */
export function put(element, key, values = {}) {
  element.dataset.text = key;
  element.dataset.values = JSON.stringify(values);
  element.textContent = text(key, values);
}

/** Show nothing in an element. */
export function clear(element) {
  delete element.dataset.text;
  delete element.dataset.values;
  element.replaceChildren();
}

/** Return the language to begin with: the chosen one, else the first of the browser's that there is. */
export function preferred() {
  const wanted = [device.read("medpipe.language"), ...navigator.languages, navigator.language];
  return wanted.map((tag) => (tag ?? "").slice(0, 2).toLowerCase()).find((tag) => tag in LANGUAGES) ?? FALLBACK;
}

/** Load a language and show every text of the page in it. */
export async function use(language) {
  const response = await fetch(`page/${language}.json`);
  if (!response.ok) throw new Error(`the texts in ${language} cannot be loaded`);
  texts = await response.json();
  document.documentElement.lang = language;
  document.title = text("title");
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = text(element.dataset.text, JSON.parse(element.dataset.values ?? "{}"));
  }
}
