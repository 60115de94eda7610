import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOf } from "../oci/digest.ts";
import { type Played, play, type TestWorld } from "./context.ts";
import { archiveOf, indexOf, rowOf } from "./migrate.ts";
import { type TestServer, testServer } from "./server.ts";

/** Two versions of one chart that a `MigrationSite` begins with. */
export const siteArchives: Readonly<Record<"old" | "young", Uint8Array<ArrayBuffer>>> = {
  old: await archiveOf("mychart", "1.0.0"),
  young: await archiveOf("mychart", "2.0.0"),
};
const camel = await archiveOf("MyOther", "1.0.0");

/** A classic repository in a directory `site`, and a registry to migrate it to. */
export class MigrationSite {
  /** Where commands run; `site` is in it. */
  readonly folder: string;
  readonly server: TestServer;
  /** A prefix in the registry. */
  readonly target: string;

  private constructor(folder: string, server: TestServer) {
    this.folder = folder;
    this.server = server;
    this.target = `${new URL(server.url).host}/charts`;
  }

  static async open(): Promise<MigrationSite> {
    const folder = await mkdtemp(join(tmpdir(), "chartroom-migrate-"));
    const site = new MigrationSite(folder, await testServer());
    await mkdir(join(folder, "site"));
    await site.put("mychart-1.0.0.tgz", siteArchives.old);
    await site.put("mychart-2.0.0.tgz", siteArchives.young);
    await site.put("MyOther-1.0.0.tgz", camel);
    const [old, young] = [digestOf(siteArchives.old), digestOf(siteArchives.young)];
    await site.put(
      "index.yaml",
      indexOf([
        rowOf("mychart", "1.0.0", { digest: old, created: "2026-01-01T00:00:00Z" }),
        rowOf("mychart", "2.0.0", { digest: young, created: "2026-02-01T00:00:00Z" }),
        rowOf("MyOther", "1.0.0"),
      ]),
    );
    return site;
  }

  put(name: string, bytes: string | Uint8Array): Promise<void> {
    return writeFile(join(this.folder, "site", name), bytes);
  }

  /** Run `migrate` with these words. */
  run(args: string[], world: Partial<TestWorld> = {}): Promise<Played> {
    return play(["migrate", ...args], { cwd: this.folder, ...world });
  }

  async dispose(): Promise<void> {
    await this.server.dispose();
    await rm(this.folder, { recursive: true, force: true });
  }
}
