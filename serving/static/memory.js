/* What the page remembers. A browser may forbid it; then it is forgotten when the page is left. */

class Memory {
  constructor(store) {
    this.store = store;
    this.here = new Map();
  }

  read(name) {
    try {
      return this.store().getItem(name) ?? this.here.get(name) ?? "";
    } catch {
      return this.here.get(name) ?? "";
    }
  }

  write(name, value) {
    this.here.set(name, value);
    try {
      this.store().setItem(name, value);
    } catch {
      /* kept in `here` only */
    }
  }

  forget(name) {
    this.here.delete(name);
    try {
      this.store().removeItem(name);
    } catch {
      /* nothing was kept */
    }
  }
}

/** Kept on this device until the browser's data are cleared. */
export const device = new Memory(() => window.localStorage);
/** Kept until this tab is closed. */
export const tab = new Memory(() => window.sessionStorage);
