/** Something that is looked at every so often. */
export interface HealthCheck {
  /** What it is called where its failure is told. */
  readonly name: string;
  /** In ms. */
  readonly interval: number;
  /** Failures in a row that count. */
  readonly threshold: number;
  /** Throws when the thing is not well; the error's message is told. */
  check(): Promise<void>;
}

/** Whether the server is well, by its checks, and whether it wants requests: not any more once it stops. */
export class Health {
  readonly #failures = new Map<string, string>();
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #stopping = false;

  /** Look at everything once, then every so often until `stop`. */
  async start(checks: readonly HealthCheck[]): Promise<void> {
    for (const { name, interval, threshold, check } of checks) {
      let inRow = 0;
      const look = async () => {
        try {
          await check();
          inRow = 0;
          this.#failures.delete(name);
        } catch (error) {
          if (++inRow >= threshold)
            this.#failures.set(name, error instanceof Error ? error.message : String(error));
        }
      };
      await look();
      const timer = setInterval(() => void look(), interval);
      timer.unref();
      this.#timers.push(timer);
    }
  }

  /** From now on the server is not ready: said before it drains, so that balancers look elsewhere. */
  stopping(): void {
    this.#stopping = true;
  }

  stop(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
  }

  /** What is not well, by name. */
  get failures(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#failures);
  }

  get ready(): boolean {
    return !this.#stopping && this.#failures.size === 0;
  }
}
