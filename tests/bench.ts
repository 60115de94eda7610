import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chartroom, find, type Program } from "./programs.ts";

/** What a program left behind. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** A program at work. */
export interface Running {
  /** What it left behind, once it has ended. */
  readonly ended: Promise<Ran>;
  kill(signal: "SIGKILL" | "SIGINT"): void;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly cwd?: string;
  readonly env?: Record<string, string>;
}

/** A registry that answers. */
export interface Registry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Its own, with its data in `data`. */
  readonly folder: string;
  /** Its process, which a restart changes. */
  pid(): number;
  /** What it has logged so far. */
  log(): Promise<string>;
  /** Stop it, before the test ends. */
  stop(): Promise<void>;
  /** Kill it, as a crash would. */
  kill(): Promise<void>;
  /** Start it again, at the same address and over the same data, once it is stopped or killed. */
  restart(): Promise<void>;
}

/** Who may enter a registry. */
export interface User {
  readonly name: string;
  readonly password: string;
}

/** Seconds until a registry must answer, and until it must be gone after SIGTERM: generous, for a machine under load. */
const patience = 30;

/** Milliseconds until a client that hangs is killed, so that its test still cleans up behind it. */
const clientLimit = 60_000;

/** Run `use` with a bench, and take it away afterwards. */
export async function withBench<T>(use: (bench: Bench) => Promise<T>): Promise<T> {
  const bench = await Bench.open();
  try {
    return await use(bench);
  } finally {
    await bench.close();
  }
}

/** A folder, an environment without the user's own settings, and the registries of one test. */
export class Bench {
  readonly folder: string;
  readonly #running: Registry[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** A new bench in a folder of its own. */
  static async open(): Promise<Bench> {
    const bench = new Bench(await mkdtemp(join(tmpdir(), "chartroom-bench-")));
    for (const folder of Object.values(bench.#folders()))
      await mkdir(folder, { recursive: true, mode: 0o700 });
    return bench;
  }

  /** Stop what runs and remove the folder. */
  async close(): Promise<void> {
    await Promise.all(this.#running.map((registry) => registry.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A path in the bench's folder. */
  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** Run a foreign client or our own binary to its end, whatever it ends with. */
  run(program: Program | "chartroom", args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return this.start(program, args, options).ended;
  }

  /** Start a foreign client or our own binary. */
  start(program: Program | "chartroom", args: readonly string[], options: RunOptions = {}): Running {
    const child = Bun.spawn([pathOf(program), ...args], {
      cwd: options.cwd ?? this.folder,
      env: { ...this.environment(), ...options.env },
      stdin: options.stdin === undefined ? "ignore" : new TextEncoder().encode(options.stdin),
      stdout: "pipe",
      stderr: "pipe",
      timeout: clientLimit,
      killSignal: "SIGKILL",
    });
    const ended = Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]).then(([stdout, stderr, exitCode]) => ({ stdout, stderr, exitCode }));
    return { ended, kill: (signal) => child.kill(signal) };
  }

  /**
   * Run our own binary on a terminal of its own and type the answer to its question.
   * @returns what it wrote after the question's line; a terminal does not tell the two outputs apart
   */
  async typed(args: readonly string[], answer: string, env: Record<string, string> = {}): Promise<Ran> {
    let shown = "";
    const asked = Promise.withResolvers<void>();
    const child = Bun.spawn([chartroom, ...args], {
      cwd: this.folder,
      env: { ...this.environment(), ...env },
      terminal: {
        data(_terminal, bytes) {
          shown += new TextDecoder().decode(bytes);
          if (shown.includes(": ")) asked.resolve();
        },
      },
    });
    const late = setTimeout(() => child.kill("SIGKILL"), clientLimit);
    await Promise.race([asked.promise, child.exited]);
    child.terminal?.write(answer);
    const exitCode = await child.exited;
    clearTimeout(late);
    child.terminal?.close();
    const lines = shown.replaceAll("\r\n", "\n");
    return { stdout: lines.slice(lines.indexOf("\n") + 1), stderr: "", exitCode };
  }

  /**
   * Run a program on a terminal of its own, 80 columns wide, and type once it shows its prompt.
   * @returns all that the terminal has shown when the program has ended
   */
  async onTerminal(
    program: Program,
    args: readonly string[],
    { prompt, keys, env }: { prompt: string; keys: string; env?: Record<string, string> },
  ): Promise<string> {
    let shown = "";
    const asked = Promise.withResolvers<void>();
    const child = Bun.spawn([pathOf(program), ...args], {
      cwd: this.folder,
      env: { ...this.environment(), ...env },
      terminal: {
        data(_terminal, bytes) {
          shown += new TextDecoder().decode(bytes);
          if (shown.includes(prompt)) asked.resolve();
        },
      },
    });
    const late = setTimeout(() => child.kill("SIGKILL"), clientLimit);
    await Promise.race([asked.promise, child.exited]);
    child.terminal?.write(keys);
    await child.exited;
    clearTimeout(late);
    child.terminal?.close();
    return shown;
  }

  /**
   * Run a program that must succeed.
   * @returns its standard output
   * @throws Error with all it printed when it did not end with 0
   */
  async done(
    program: Program | "chartroom",
    args: readonly string[],
    options: RunOptions = {},
  ): Promise<string> {
    const { stdout, stderr, exitCode } = await this.run(program, args, options);
    if (exitCode === 0) return stdout;
    throw new Error(`${program} ${args.join(" ")} ended with ${exitCode}:\n${stdout}${stderr}`);
  }

  /**
   * Our own registry, from the built binary.
   * @param env settings that the test gives it through the environment
   */
  async chartroom(users: readonly User[] = [], env: Record<string, string> = {}): Promise<Registry> {
    const argsOf = async (host: string, folder: string) => [
      ...["registry", "serve", "--addr", host, "--data", join(folder, "data")],
      ...(users.length === 0 ? [] : ["--htpasswd", await writeUsers(folder, users)]),
    ];
    return this.serving("chartroom", argsOf, env);
  }

  /**
   * CNCF Distribution, as Debian packs it, with deletes on.
   * @param users them, or the path of a file of them
   */
  async distribution(users: readonly User[] | string = []): Promise<Registry> {
    return this.serving("docker-registry", async (host, folder) => {
      const path = typeof users === "string" ? users : await writeUsers(folder, users);
      const config = {
        version: 0.1,
        storage: { filesystem: { rootdirectory: join(folder, "data") }, delete: { enabled: true } },
        http: { addr: host },
        ...(users.length > 0 && { auth: { htpasswd: { realm: "test", path } } }),
      };
      await Bun.write(join(folder, "config.yml"), JSON.stringify(config)); // JSON is YAML
      return ["serve", join(folder, "config.yml")];
    });
  }

  /**
   * A program with a configuration of Distribution's.
   * @param configOf gives it, for where to listen and a folder of its own
   */
  async configured(
    program: "chartroom" | "docker-registry" | "distribution3",
    configOf: (host: string, folder: string) => object,
    env: Record<string, string> = {},
  ): Promise<Registry> {
    const argsOf = async (host: string, folder: string) => {
      const file = join(folder, "config.yml");
      await Bun.write(file, JSON.stringify(configOf(host, folder))); // JSON is YAML
      return program === "chartroom" ? ["registry", "serve", file] : ["serve", file];
    };
    return this.serving(program, argsOf, env);
  }

  /**
   * nginx before a registry that speaks plain http: everything is passed on as it came, streaming, and it says
   * by what address the client asked.
   * @param tls the certificate and key, as paths, that it speaks https with
   */
  async nginx({ host: upstream }: Registry, tls: { cert: string; key: string }): Promise<Registry> {
    return this.serving("nginx", async (host, folder) => {
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
        (what) => `${what}_temp_path ${join(folder, what)};`,
      );
      const config = `
        daemon off; master_process off; pid ${join(folder, "pid")};
        events {}
        http {
          access_log off; ${temporary.join(" ")}
          server {
            listen ${host} ssl; ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key};
            client_max_body_size 0; proxy_request_buffering off; proxy_http_version 1.1;
            proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Forwarded-Proto $scheme;
            location / { proxy_pass http://${upstream}; }
          }
        }`;
      await Bun.write(join(folder, "nginx.conf"), config);
      return ["-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")];
    });
  }

  /**
   * Any program that serves HTTP.
   * @param argsOf gives its arguments, for where to listen and a folder of its own
   */
  async serving(
    program: Program | "chartroom",
    argsOf: (host: string, folder: string) => Promise<string[]>,
    env: Record<string, string> = {},
  ): Promise<Registry> {
    const host = `127.0.0.1:${await freePort()}`;
    const folder = await mkdtemp(this.path(`${program}-`));
    const log = join(folder, "log");
    const args = await argsOf(host, folder);
    await Bun.write(log, "");
    const start = () =>
      Bun.spawn([pathOf(program), ...args], {
        cwd: folder,
        env: { ...this.environment(), ...env },
        stdin: "ignore",
        stdout: "ignore",
        stderr: Bun.file(log),
      });
    const untilItAnswers = async () => {
      const giveUp = Date.now() + patience * 1000;
      while (!(await answers(host))) {
        if (child.exitCode !== null || Date.now() > giveUp)
          throw new Error(`${program} ${args.join(" ")} does not answer:\n${await registry.log()}`);
        await Bun.sleep(5);
      }
    };
    let child = start();
    const registry: Registry = {
      host,
      folder,
      pid: () => child.pid,
      log: () => readFile(log, "utf8"),
      stop: async () => {
        child.kill("SIGTERM");
        const late = setTimeout(() => child.kill("SIGKILL"), patience * 1000);
        await child.exited;
        clearTimeout(late);
      },
      kill: async () => {
        child.kill("SIGKILL");
        await child.exited;
      },
      restart: async () => {
        child = start();
        await untilItAnswers();
      },
    };
    this.#running.push(registry);
    await untilItAnswers();
    return registry;
  }

  /** Where programs keep their settings, caches and credentials: nothing of the user's is read or written. */
  #folders() {
    const home = this.path("home");
    return {
      HOME: home,
      XDG_CACHE_HOME: join(home, ".cache"),
      XDG_CONFIG_HOME: join(home, ".config"),
      XDG_DATA_HOME: join(home, ".local/share"),
      XDG_STATE_HOME: join(home, ".local/state"),
      XDG_RUNTIME_DIR: join(home, "run"),
      HELM_CACHE_HOME: join(home, ".cache/helm"),
      HELM_CONFIG_HOME: join(home, ".config/helm"),
      HELM_DATA_HOME: join(home, ".local/share/helm"),
      DOCKER_CONFIG: join(home, ".docker"),
      TMPDIR: this.path("tmp"),
    };
  }

  /** The environment that the bench's programs run in. */
  environment(): Record<string, string> {
    return { ...this.#folders(), PATH: process.env.PATH ?? "", LANG: "C.UTF-8", TZ: "UTC" };
  }
}

function pathOf(program: Program | "chartroom"): string {
  const path = program === "chartroom" ? chartroom : find(program);
  if (path === undefined) throw new Error(`${program} is used, and not among what the test says it needs`);
  return path;
}

/** A file as `htpasswd -B` writes it: bcrypt under Apache's `$2y$`, the cheapest cost, for tests alone. */
async function writeUsers(folder: string, users: readonly User[]): Promise<string> {
  const rows = users.map(({ name, password }) => {
    const hash = Bun.password.hashSync(password, { algorithm: "bcrypt", cost: 4 });
    return `${name}:${hash.replace(/^\$2b\$/, "$2y$")}\n`;
  });
  const path = join(folder, "htpasswd");
  await Bun.write(path, rows.join(""), { mode: 0o600 });
  return path;
}

/**
 * Whether a server answers, over http or https: at its root, where a registry needs neither login nor path prefix, and one that
 * has nothing there says so. A proxy of the environment is not asked.
 */
async function answers(host: string): Promise<boolean> {
  const signal = AbortSignal.timeout(patience * 1000);
  const tls = { rejectUnauthorized: false };
  for (const scheme of ["http", "https"])
    try {
      const { status } = await fetch(`${scheme}://${host}/`, { signal, proxy: false, tls });
      if (status < 500) return true;
    } catch {
      // Not yet, or not so.
    }
  return false;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No port was given");
  return address.port;
}
