import { setTimeout as sleep } from "node:timers/promises";
import { chartroom } from "../programs.ts";

/** Our own registry as a process that dies and comes back at the same address, over the same data. */
export class MortalServer {
  readonly host: string;
  readonly #data: string;
  readonly #env: Record<string, string>;
  #child: Bun.Subprocess | undefined;
  /** How often it was killed. */
  deaths = 0;

  constructor(host: string, data: string, env: Record<string, string>) {
    this.host = host;
    this.#data = data;
    this.#env = env;
  }

  /** @throws Error when it ends, or does not answer within half a minute */
  async start(): Promise<void> {
    const child = Bun.spawn([chartroom, "registry", "serve", "--addr", this.host, "--data", this.#data], {
      env: this.#env,
      stdio: ["ignore", "ignore", "ignore"],
    });
    this.#child = child;
    for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(10)) {
      if (child.exitCode !== null) throw new Error(`the registry ended with ${child.exitCode}`);
      const answer = await fetch(`http://${this.host}/v2/`, { proxy: false }).catch(() => undefined);
      if (answer?.ok) return;
    }
    throw new Error("the registry does not answer");
  }

  /** `kill -9`, and start again. */
  async die(): Promise<void> {
    await this.stop("SIGKILL");
    this.deaths++;
    await this.start();
  }

  async stop(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    this.#child?.kill(signal);
    await this.#child?.exited;
  }
}
