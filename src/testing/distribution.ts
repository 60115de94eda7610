import { createHash } from "node:crypto";
import { lstat, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { algorithmOf, type Digest, hexOf } from "../oci/digest.ts";
import type { Artifact, Content } from "./artifacts.ts";

/** A data directory as CNCF Distribution writes it, file by file, so that a test can have it damaged. */
export class DistributionData {
  /** What its `rootdirectory` names. */
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** A path below `docker/registry/v2`. */
  path(...parts: string[]): string {
    return join(this.root, "docker/registry/v2", ...parts);
  }

  /** Where the bytes of a blob or a manifest lie. */
  data(digest: Digest): string {
    const hex = hexOf(digest);
    return this.path("blobs", algorithmOf(digest), hex.slice(0, 2), hex, "data");
  }

  link(repository: string, kind: "_layers" | "_manifests/revisions", digest: Digest): string {
    return this.path("repositories", repository, kind, algorithmOf(digest), hexOf(digest), "link");
  }

  tagLink(repository: string, tag: string): string {
    return this.path("repositories", repository, "_manifests/tags", tag, "current/link");
  }

  /** A file with all directories above it; what was there is replaced. */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }

  /** Put a blob into a repository; `kept`: the digest that its bytes are kept under. */
  async blob(repository: string, { descriptor, bytes }: Content, kept = descriptor.digest): Promise<void> {
    await this.write(this.data(kept), bytes);
    await this.write(this.link(repository, "_layers", descriptor.digest), kept);
  }

  /** Put an artifact with all it names into a repository, as a push does. */
  async push(repository: string, artifact: Artifact, ...tags: string[]): Promise<void> {
    for (const child of artifact.children) await this.push(repository, child);
    for (const blob of artifact.blobs) await this.blob(repository, blob);
    const { digest } = artifact.descriptor;
    await this.write(this.data(digest), artifact.bytes);
    await this.write(this.link(repository, "_manifests/revisions", digest), digest);
    for (const tag of tags) {
      await this.write(this.tagLink(repository, tag), digest);
      const index = join(dirname(dirname(this.tagLink(repository, tag))), "index");
      await this.write(join(index, algorithmOf(digest), hexOf(digest), "link"), digest);
    }
  }

  /** What Distribution does to delete a blob or a manifest: only the link goes. */
  async delete(repository: string, kind: "_layers" | "_manifests/revisions", digest: Digest): Promise<void> {
    await rm(this.link(repository, kind, digest));
  }
}

/**
 * All of a directory in one text: each entry with its kind, mode, owner, size, time of change and digest. Equal texts: nothing was
 * written there, not even the same bytes again. The time of an inode is left out, since another name for a file moves it.
 */
export async function fingerprint(directory: string): Promise<string> {
  const lines: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const { mode, uid, size, mtimeMs, ino } = await lstat(path);
    const hash = entry.isFile()
      ? createHash("sha256")
          .update(await readFile(path))
          .digest("hex")
      : "";
    lines.push(
      [path.slice(directory.length), mode, uid, entry.isFile() ? size : "", mtimeMs, ino, hash].join(" "),
    );
  }
  return lines.sort().join("\n");
}
