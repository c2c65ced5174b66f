// The stream of events from the server: hands on lists and pages, says whether it is connected, connects again.

const RETRY = 2000;
// A browser allows six connections to one host. Tabs that nobody looks at give theirs back, or the seventh never opens.
const IDLE = 60_000;

export class Events {
  #handlers;
  #page = null;
  #source = null;
  #timer = 0;

  /** @param handlers {list, page, status}: status is called with true when connected, false when not. */
  constructor(handlers) {
    this.#handlers = handlers;
    document.addEventListener("visibilitychange", () => this.#look());
  }

  open(page) {
    this.#close();
    this.#page = page;
    const source = new EventSource(page ? `/events?page=${encodeURIComponent(page)}` : "/events");
    this.#source = source;
    source.addEventListener("open", () => this.#handlers.status(true));
    source.addEventListener("error", () => this.#broken(source));
    for (const name of ["list", "page"]) {
      source.addEventListener(name, (event) => this.#handlers[name](JSON.parse(event.data)));
    }
  }

  #broken(source) {
    if (source !== this.#source) return;
    this.#handlers.status(false);
    if (source.readyState === EventSource.CLOSED) this.#later(RETRY, () => this.open(this.#page));
  }

  #look() {
    if (document.hidden) this.#later(IDLE, () => this.#close());
    else if (this.#source && this.#source.readyState !== EventSource.CLOSED) clearTimeout(this.#timer);
    else this.open(this.#page);
  }

  #close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #later(milliseconds, run) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(run, milliseconds);
  }
}
