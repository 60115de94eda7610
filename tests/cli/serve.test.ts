import { Database } from "bun:sqlite";
import { afterEach, describe, expect } from "bun:test";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import type { Bench, Registry } from "../bench.ts";
import { chartroom } from "../programs.ts";
import { onBench, refusalOf, save } from "./cli.ts";
import { started } from "./serving.ts";

const free = "127.0.0.1:0";
const serve = (bench: Bench, ...args: string[]) =>
  bench.run("chartroom", ["registry", "serve", "--addr", free, ...args]);

const running: Bun.Subprocess[] = [];
// A test that fails leaves its server behind: end it, whatever happened.
afterEach(async () => {
  for (const child of running.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
});

describe("a start", () => {
  onBench("says where it listens, where it keeps data, who may enter, what to type next", async (bench) => {
    const server = await started(bench, ["--addr", "localhost:0", "--data", "data"]);
    const said = server.said();
    expect(said).toMatch(/^Listening on http:\/\/localhost:\d+ \(127\.0\.0\.1/m);
    expect(said).toContain(`Keeping data in ${bench.path("data")}\n`);
    const addUser = `chartroom registry user add NAME --data ${bench.path("data")}`;
    expect(said).toContain(`Everyone may pull and push. To ask for logins: ${addUser}, and start again\n`);
    expect(said).toMatch(/^Next: chartroom chart save /m);
    expect(said).not.toContain("Warning");
    expect((await fetch(`${server.url}/v2/`)).status).toBe(200);
    expect(await server.stop()).toBe(0);
  });

  onBench("on every interface without users warns", async (bench) => {
    const server = await started(bench, ["--addr", ":0", "--data", "data"]);
    expect(await server.stop("SIGINT")).toBe(0);
    expect(server.said()).toMatch(/^Warning: .*may push and delete/m);
  });

  onBench(
    "keeps data under XDG_DATA_HOME unless told, and takes flags before the environment",
    async (bench) => {
      const env = { XDG_DATA_HOME: bench.path("xdg"), CHARTROOM_ADDR: "not an address" };
      const server = await started(bench, ["--addr", free], env);
      expect(server.said()).toContain(`Keeping data in ${bench.path("xdg/chartroom/registry")}\n`);
      expect(server.said()).toContain("To ask for logins: chartroom registry user add NAME, and");
      await server.stop();
      expect((await stat(bench.path("xdg/chartroom/registry"))).mode & 0o777).toBe(0o700);
    },
  );
});

describe("a registry's process", () => {
  const settingsOf = async (registry: Registry) => {
    const environment = await readFile(`/proc/${registry.pid()}/environ`, "utf8");
    return environment
      .split("\0")
      .filter((line) => line.startsWith("BUN_JSC_"))
      .sort();
  };

  onBench("is the one that was started, in the runtime of a server", async (bench) => {
    const registry = await bench.chartroom([], { BUN_JSC_useWarmUpMarkedBlocks: "1" });
    expect(await settingsOf(registry)).toEqual([
      "BUN_JSC_heapGrowthMaxIncrease=1.6",
      "BUN_JSC_useFTLJIT=0",
      "BUN_JSC_useWarmUpMarkedBlocks=1",
    ]);
  });

  onBench("stays as it is where it is given a file that is open, as a shell does", async (bench) => {
    const config = JSON.stringify({
      version: 0.1,
      storage: { filesystem: { rootdirectory: bench.path("data") } },
      http: { addr: free },
    });
    await writeFile(bench.path("serve"), `exec "$CHARTROOM" registry serve <(printf %s '${config}')`);
    const child = Bun.spawn(["bash", bench.path("serve")], {
      cwd: bench.folder,
      env: { PATH: process.env.PATH ?? "", CHARTROOM: chartroom, REGISTRY_LOG_FORMATTER: "text" },
      stdout: "ignore",
      stderr: "pipe",
    });
    running.push(child);
    let said = "";
    for await (const piece of child.stderr) {
      said += new TextDecoder().decode(piece);
      if (said.includes("Next: ")) break;
    }
    expect(said).toContain(`Keeping data in ${bench.path("data")}\n`);
  });
});

describe("who may enter", () => {
  const add = (bench: Bench, name: string, ...more: string[]) =>
    bench.run("chartroom", ["registry", "user", "add", name, "--password-stdin", ...more], {
      stdin: "mypass\n",
    });
  const status = async (url: string, password?: string) => {
    const headers = password === undefined ? {} : { authorization: `Basic ${btoa(`myuser:${password}`)}` };
    return (await fetch(`${url}/v2/`, { headers })).status;
  };

  onBench(
    "a user added to the data directory closes it, the file is 0600, and the password is in nobody's log",
    async (bench) => {
      expect((await add(bench, "myuser", "--data", "data")).exitCode).toBe(0);
      expect((await stat(bench.path("data", "htpasswd"))).mode & 0o777).toBe(0o600);
      const server = await started(bench, ["--addr", free, "--data", "data"]);
      expect(server.said()).toContain(`Only users in ${bench.path("data/htpasswd")}`);
      expect([
        await status(server.url),
        await status(server.url, "wrong"),
        await status(server.url, "mypass"),
      ]).toEqual([401, 401, 200]);
      expect(await server.stop()).toBe(0);
      expect(server.said()).not.toContain("mypass");
      expect(server.said()).not.toContain(btoa("myuser:mypass"));
    },
  );

  onBench("REGISTRY_AUTH is read as the page has it", async (bench) => {
    await add(bench, "myuser", "--htpasswd", "auth.htpasswd");
    const REGISTRY_AUTH = `{htpasswd: {realm: localhost, path: ${bench.path("auth.htpasswd")}}}`;
    const server = await started(bench, ["--addr", free, "--data", "data"], { REGISTRY_AUTH });
    const refused = await fetch(`${server.url}/v2/`);
    expect(refused.headers.get("www-authenticate")).toStartWith('Basic realm="localhost"');
    expect(await status(server.url, "mypass")).toBe(200);
    await server.stop();
  });

  onBench("users are listed and removed, and a removed one no longer gets in", async (bench) => {
    for (const name of ["myuser", "ann"]) await add(bench, name, "--data", "data");
    const user = (...args: string[]) =>
      bench.done("chartroom", ["registry", "user", ...args, "--data", "data"]);
    expect(await user("list")).toBe("ann\nmyuser\n");
    const server = await started(bench, ["--addr", free, "--data", "data"]);
    expect(await status(server.url, "mypass")).toBe(200);
    await user("remove", "myuser");
    while ((await status(server.url, "mypass")) === 200) await Bun.sleep(50);
    expect(await status(server.url, "mypass")).toBe(401);
    await server.stop();
    expect(
      refusalOf(await bench.run("chartroom", ["registry", "user", "remove", "myuser", "--data", "data"])),
    ).toMatchObject({ exitCode: 3 });
  });

  onBench("a named file that is missing or broken refuses the start", async (bench) => {
    expect(refusalOf(await serve(bench, "--data", "data", "--htpasswd", "none"))).toMatchObject({
      exitCode: 1,
    });
    await writeFile(bench.path("broken"), "no colon here\n");
    const said = refusalOf(await serve(bench, "--data", "data", "--htpasswd", "broken"));
    expect(said.exitCode).toBe(1);
    expect(said.message).toContain("line 1");
    expect(await readdir(bench.folder)).not.toContain("data");
  });
});

describe("what CNCF Distribution's variables switch", () => {
  onBench("deletion, which is on", async (bench) => {
    for (const [env, status] of [
      [{}, 202],
      [{ REGISTRY_STORAGE_DELETE_ENABLED: "false" }, 405],
    ] as const) {
      const { host } = await bench.chartroom([], env);
      await save(bench, `${host}/a/b:1`);
      await bench.done("chartroom", ["chart", "push", `${host}/a/b:1`]);
      const deletion = await fetch(`http://${host}/v2/a/b/manifests/1`, { method: "DELETE" });
      expect(deletion.status).toBe(status);
      const pulled = await fetch(`http://${host}/v2/a/b/manifests/1`);
      expect(pulled.status).toBe(status === 405 ? 200 : 404);
    }
  });

  onBench("nothing, where nobody can tell what is meant", async (bench) => {
    const env = { REGISTRY_VALIDATION_MANIFESTS_MISSING: "perhaps" };
    const args = ["registry", "serve", "--addr", free, "--data", "data"];
    expect(refusalOf(await bench.run("chartroom", args, { env }))).toMatchObject({
      exitCode: 2,
      message:
        'Cannot use validation.manifests.missing (REGISTRY_VALIDATION_MANIFESTS_MISSING): expected accept or refuse, found "perhaps"',
    });
    expect(await readdir(bench.folder)).not.toContain("data");
  });
});

describe("a start that is refused, in one sentence, with nothing touched", () => {
  onBench("the port is taken", async (bench) => {
    const server = await started(bench, ["--addr", free, "--data", "one"]);
    const said = refusalOf(
      await bench.run("chartroom", [
        "registry",
        "serve",
        "--addr",
        new URL(server.url).host,
        "--data",
        "two",
      ]),
    );
    expect(said.exitCode).toBe(5);
    expect(said.message).toContain(new URL(server.url).port);
    expect(said.hint).toContain("--addr");
    expect(await readdir(bench.folder)).not.toContain("two");
    await server.stop();
  });

  onBench("another process owns the data", async (bench) => {
    const server = await started(bench, ["--addr", free, "--data", "data"]);
    const said = refusalOf(await serve(bench, "--data", "data"));
    expect(said).toMatchObject({
      exitCode: 5,
      message: expect.stringContaining("another chartroom process"),
    });
    expect((await fetch(`${server.url}/v2/`)).status).toBe(200);
    await server.stop();
  });

  onBench("the directory holds something else", async (bench) => {
    await mkdir(bench.path("data", "docker", "registry", "v2"), { recursive: true });
    const said = refusalOf(await serve(bench, "--data", "data"));
    expect(said.exitCode).toBe(1);
    expect(said.message).toContain("docker");
    expect(await readdir(bench.path("data"))).toEqual(["docker"]);
  });

  onBench("the path is a file", async (bench) => {
    await writeFile(bench.path("data"), "a file");
    expect(refusalOf(await serve(bench, "--data", "data"))).toMatchObject({
      exitCode: 1,
      message: `Cannot use data directory ${bench.path("data")}: it is a file`,
    });
    expect(await readFile(bench.path("data"), "utf8")).toBe("a file");
  });

  onBench("the format, or the catalog's schema, is newer than this program", async (bench) => {
    await (await started(bench, ["--addr", free, "--data", "data"])).stop();
    const marker = bench.path("data", "chartroom.json");
    const format = await readFile(marker, "utf8");
    await writeFile(marker, '{"format":99}');
    const said = refusalOf(await serve(bench, "--data", "data"));
    expect(said.exitCode).toBe(1);
    expect(said.message).toMatch(/format 99|newer/);
    expect(await readFile(marker, "utf8")).toBe('{"format":99}');
    await writeFile(marker, format);
    const catalog = new Database(bench.path("data", "catalog.db"));
    catalog.run("PRAGMA user_version = 99");
    catalog.close();
    const newer = refusalOf(await serve(bench, "--data", "data"));
    expect(newer.exitCode).toBe(1);
    expect(newer.message).toMatch(/newer|99/);
  });
});

describe("an end", () => {
  onBench("waits for what is under way, and what was pushed is there after a restart", async (bench) => {
    const first = await started(bench, ["--addr", free, "--data", "data"]);
    const host = new URL(first.url).host;
    await save(bench, `${host}/a/b:1`);
    await bench.done("chartroom", ["chart", "push", `${host}/a/b:1`]);
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const digest = `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
    const { headers } = await fetch(`${first.url}/v2/a/b/blobs/uploads/`, { method: "POST" });
    const socket = connect(Number(new URL(first.url).port), "127.0.0.1");
    await once(socket, "connect");
    const target = `${headers.get("location")}?digest=${digest}`;
    socket.write(`PUT ${target} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${bytes.length}\r\n\r\n`);
    socket.write(bytes.subarray(0, 30_000));
    await Bun.sleep(100);
    const stopped = first.stop();
    await Bun.sleep(100);
    socket.write(bytes.subarray(30_000));
    const [answer] = await once(socket, "data");
    expect(String(answer)).toStartWith("HTTP/1.1 201");
    socket.destroy();
    expect(await stopped).toBe(0);

    const second = await started(bench, ["--addr", host, "--data", "data"]);
    expect((await fetch(`${second.url}/v2/a/b/blobs/${digest}`)).status).toBe(200);
    await bench.done("chartroom", ["chart", "remove", `${host}/a/b:1`]);
    await bench.done("chartroom", ["chart", "pull", `${host}/a/b:1`]);
    expect(await second.stop()).toBe(0);
  });

  onBench(
    "is told by readiness while requests under way are drained, and the process lives until then",
    async (bench) => {
      const env = { REGISTRY_HTTP_DEBUG_ADDR: free };
      const server = await started(bench, ["--addr", free, "--data", "data"], env);
      const debug = /Health and metrics on (\S+)/.exec(server.said())?.[1];
      const status = async (path: string) => (await fetch(`${debug}${path}`)).status;
      expect([await status("/readyz"), (await fetch(server.url)).status]).toEqual([200, 200]);
      const { headers } = await fetch(`${server.url}/v2/a/b/blobs/uploads/`, { method: "POST" });
      const { port, host } = new URL(server.url);
      const socket = connect(Number(port), "127.0.0.1");
      await once(socket, "connect");
      socket.write(
        `PATCH ${headers.get("location")} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 4\r\n\r\nab`,
      );
      while (!(await readdir(bench.path("data", "ingest")).catch(() => [])).length) await Bun.sleep(5);
      const stopped = server.stop();
      while ((await status("/readyz")) === 200) await Bun.sleep(5);
      expect([await status("/readyz"), await status("/healthz")]).toEqual([503, 200]);
      socket.write("cd");
      const [answer] = await once(socket, "data");
      expect(String(answer)).toStartWith("HTTP/1.1 202");
      socket.destroy();
      expect(await stopped).toBe(0);
    },
  );

  onBench(
    "may wait until balancers have seen that it is not ready, and takes requests meanwhile",
    async (bench) => {
      const env = { REGISTRY_HTTP_DEBUG_ADDR: free, REGISTRY_HTTP_DRAINDELAY: "1h" };
      const server = await started(bench, ["--addr", free, "--data", "data"], env);
      const debug = /Health and metrics on (\S+)/.exec(server.said())?.[1];
      const stopped = server.stop();
      while ((await fetch(`${debug}/readyz`)).status === 200) await Bun.sleep(5);
      expect((await fetch(`${server.url}/v2/`)).status).toBe(200);
      await server.stop();
      expect(await stopped).toBe(130);
    },
  );

  onBench("what was acknowledged survives kill -9", async (bench) => {
    const server = await bench.chartroom();
    const names = Array.from({ length: 6 }, (_, i) => `${server.host}/a/b:${i}`);
    for (const [i, name] of names.entries()) {
      await writeFile(bench.path("mychart", "values.yaml"), `i: ${i}\n`);
      await save(bench, name);
      await bench.done("chartroom", ["chart", "push", name]);
    }
    await server.kill();
    const data = (await readdir(bench.folder)).find((each) => each.startsWith("chartroom-"))!;
    const again = await started(bench, ["--addr", server.host, "--data", `${data}/data`]);
    for (const name of names) {
      await bench.done("chartroom", ["chart", "remove", name]);
      await bench.done("chartroom", ["chart", "pull", name]);
    }
    expect(await again.stop()).toBe(0);
  });
});
