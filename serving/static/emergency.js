/* The numbers to call: always at the top, and large where the gateway points to help. */

import { list, put } from "./texts.js";

const CRISIS = /\b988\b/;
const POISON = /\b1-800-222-1222\b/;
const EMERGENCY = /\b(?:112|911|999)\b/;

/** Return whether a text of the gateway points to an emergency number or a crisis line. */
export const pointsToHelp = (text) => [CRISIS, POISON, EMERGENCY].some((pattern) => pattern.test(text));

const call = (number) => {
  const link = document.createElement("a");
  link.href = `tel:${number}`;
  link.textContent = number;
  return link;
};

const numbers = (found) => {
  const line = document.createElement("p");
  line.className = "numbers";
  line.append(...found.map(call));
  return line;
};

/** Show the numbers of the reader's language in the line at the top. */
export function showUrgentLine(place) {
  place.replaceChildren(...list("numbers").flatMap((number) => [call(number), " "]));
}

/** Show in `place`, an assertive live region, whom to call. `said`: the gateway's words; "" where it is silent. */
export function showAlarm(place, said) {
  const box = document.createElement("div");
  box.className = "alarm";
  const paragraph = (key, name = "p") => {
    const element = document.createElement(name);
    put(element, key);
    return element;
  };
  box.append(paragraph("alarm_title", "h2"), numbers(list("numbers")));
  if (CRISIS.test(said)) box.append(paragraph("alarm_crisis"), numbers(list("crisis_numbers")));
  if (POISON.test(said)) box.append(paragraph("alarm_poison"), numbers(list("poison_numbers")));
  place.replaceChildren(box);
}
