/* Requests to the gateway. The key stays in this tab. */

import { tab } from "./memory.js";

const KEY = "medpipe.key";

export const key = {
  read: () => tab.read(KEY),
  use: (value) => tab.write(KEY, value),
  forget: () => tab.forget(KEY),
};

/**
 * Send a request; return `{status, body, language, wait}`, and never throw except where `signal` ends it.
 *
 * `status`: 0 where no gateway answered. `body`: what it answered, as JSON; null where that is none. `language`: that
 * of its texts. `wait`: the seconds of Retry-After; 0 where it says none.
 */
export async function send(method, path, body, signal) {
  const headers = { Accept: "application/json" };
  if (key.read()) headers.Authorization = `Bearer ${key.read()}`;
  if (body) headers["Content-Type"] = "application/json";
  try {
    const response = await fetch(path, { method, headers, signal, body: body && JSON.stringify(body) });
    const after = Number(response.headers.get("Retry-After"));
    return {
      status: response.status,
      body: await parsed(response),
      language: response.headers.get("Content-Language") ?? "en",
      wait: Number.isFinite(after) ? Math.max(0, after) : 0,
    };
  } catch (error) {
    if (signal?.aborted) throw error;
    return { status: 0, body: null, language: "en", wait: 0 };
  }
}

async function parsed(response) {
  const content = await response.text();
  try {
    return JSON.parse(content);
  } catch {
    return null;
  }
}
