import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { hostileArchive, paxHeader, type RawEntry, rawEntry, rawTar } from "../../testing/archives.ts";
import { openArchive, unpackedBytes } from "./archive.ts";
import type { Reason } from "./hostile.ts";
import { helmLimits } from "./limits.ts";

const file = (name: string | Uint8Array, more: Partial<RawEntry> = {}) => rawEntry({ name, ...more });

describe("openArchive", () => {
  test("gives metadata, and files in the archive's order with their bytes", async () => {
    const { metadata, files } = await openArchive(
      hostileArchive(
        paxHeader({ comment: "a commit" }, "g"),
        rawEntry({ name: "c/", type: "5" }),
        rawEntry({ name: "c/z.txt", content: "\ufeffz" }),
        rawEntry({ name: "c/charts/sub-1.0.0.tgz", content: "unopened" }),
        rawEntry({ name: "c/a", content: Uint8Array.of(0, 255) }),
      ),
    );
    expect(metadata.name as string).toBe("c");
    expect(files.map(({ path }) => path as string)).toEqual([
      "Chart.yaml",
      "z.txt",
      "charts/sub-1.0.0.tgz",
      "a",
    ]);
    expect(Buffer.from(files[1]!.bytes).toString()).toBe("\ufeffz");
    expect(Buffer.from(unpackedBytes(files[1]!)).toString()).toBe("z");
    expect(unpackedBytes(files[3]!)).toEqual(Uint8Array.of(0, 255));
  });

  test("takes a backslash for a slash, as Helm does", async () => {
    const { files } = await openArchive(hostileArchive(file("c\\templates\\a.yaml")));
    expect(files.map(({ path }) => path as string)).toEqual(["Chart.yaml", "templates/a.yaml"]);
  });

  test("takes a directory that has not the chart's name", async () => {
    const tar = rawTar([rawEntry({ name: "other/Chart.yaml", content: "name: c\nversion: 1.0.0\n" })]);
    expect((await openArchive(gzipSync(tar))).metadata.name as string).toBe("c");
  });

  const hostile: [string, Uint8Array[], Reason][] = [
    ["..", [file("c/../../evil")], "parent-path"],
    [".. in front", [file("../evil")], "parent-path"],
    [".. behind a backslash", [file("c\\..\\..\\evil")], "parent-path"],
    [".. in a directory", [file("c/../..", { type: "5" })], "parent-path"],
    [".. in a pax path", [paxHeader({ path: "c/../evil" }), file("c/good")], "parent-path"],
    [
      ".. in a GNU long name",
      [file("L", { type: "L", content: "../evil\0" }), file("c/good")],
      "parent-path",
    ],
    ["an absolute path", [file("/etc/passwd")], "absolute-path"],
    ["an absolute path with a backslash", [file("\\evil")], "absolute-path"],
    ["a drive letter", [file("C:/evil")], "absolute-path"],
    ["a drive letter below", [file("c/C:/evil")], "unsafe-name"],
    ["an absolute path below", [file("c//etc/passwd")], "unsafe-name"],
    ["a dot", [file("c/./a")], "unsafe-name"],
    ["a dot in front", [file("./c/a")], "unsafe-name"],
    ["an alternate stream", [file("c/a:b")], "unsafe-name"],
    ["a device of Windows", [file("c/NUL")], "unsafe-name"],
    ["a device of Windows, with an ending", [file("c/com1.tar.gz")], "unsafe-name"],
    ["a dot at the end", [file("c/a.")], "unsafe-name"],
    ["a blank at the end", [file("c/a /b")], "unsafe-name"],
    ["a wildcard", [file("c/a*")], "unsafe-name"],
    ["a line break", [file("c/a\nb")], "unsafe-name"],
    ["an escape sequence", [file("c/\u001b[2J")], "unsafe-name"],
    ["NUL in a pax path", [paxHeader({ path: "c/a\0b" }), file("c/good")], "unsafe-name"],
    ["a part that is too long", [paxHeader({ path: `c/${"n".repeat(256)}` }), file("c/good")], "unsafe-name"],
    [
      "a path that is too long",
      [paxHeader({ path: `c/${"a/".repeat(510)}abc` }), file("c/good")],
      "unsafe-name",
    ],
    [
      "a path as long as a tar can hold",
      [paxHeader({ path: `c/${"a/".repeat(500_000)}a` }), file("c/good")],
      "unsafe-name",
    ],
    ["no name", [file("")], "empty-name"],
    ["bad UTF-8", [file(Uint8Array.of(0x63, 0x2f, 0xc3, 0x28))], "bad-utf8"],
    ["a symbolic link", [file("c/l", { type: "2", linkName: "/etc/passwd" })], "link"],
    ["a hard link", [file("c/l", { type: "1", linkName: "c/Chart.yaml" })], "link"],
    ["a character device", [file("c/d", { type: "3" })], "special-file"],
    ["a block device", [file("c/d", { type: "4" })], "special-file"],
    ["a fifo", [file("c/d", { type: "6" })], "special-file"],
    ["the same name twice", [file("c/a"), file("c/a")], "duplicate"],
    ["the same name with a backslash", [file("c/b/a"), file("c\\b\\a")], "duplicate"],
    ["a second Chart.yaml", [file("c/Chart.yaml")], "duplicate"],
    ["names that differ in case", [file("c/README.md"), file("c/readme.MD")], "duplicate"],
    ["names that differ in composition", [file("c/\u00e9"), file("c/e\u0301")], "duplicate"],
    ["a file, then a directory", [file("c/a"), file("c/a/b")], "file-and-directory"],
    ["a directory, then a file", [file("c/a/b"), file("c/a")], "file-and-directory"],
    ["a file, then its directory's entry", [file("c/a"), file("c/a/", { type: "5" })], "file-and-directory"],
    ["a directory's entry, then a file", [file("c/a/", { type: "5" }), file("c/a")], "file-and-directory"],
    ["a file beside the directory", [file("README.md")], "outside-base-directory"],
    ["two directories", [file("d/a")], "several-directories"],
    ["two directories, one empty", [file("d/", { type: "5" })], "several-directories"],
    ["a file over the limit", [file("c/a", { size: helmLimits.file + 1 })], "too-large"],
    ["a file that claims more than there is", [file("c/a", { size: 4096 })], "truncated"],
  ];

  test.each(hostile)("refuses %s", async (_, parts, reason) => {
    await expect(openArchive(hostileArchive(...parts))).rejects.toMatchObject({ reason, code: "invalid" });
  });

  test("refuses an archive without Chart.yaml, and an empty one", async () => {
    await expect(openArchive(gzipSync(rawTar([file("c/values.yaml")])))).rejects.toMatchObject({
      reason: "no-chart-yaml",
    });
    await expect(openArchive(gzipSync(rawTar([])))).rejects.toMatchObject({ reason: "no-chart-yaml" });
  });

  test("never lets a name write on the terminal", async () => {
    const error = await openArchive(hostileArchive(file("c/\u001b]0;x\u0007\u202e"))).catch((each) => each);
    expect(error.message).not.toMatch(/\p{C}/u);
  });

  test("holds the limits on all files together and on entries", async () => {
    const limits = { unpacked: 1000, file: 600, entries: 4 };
    const sized = (...sizes: number[]) =>
      openArchive(
        hostileArchive(...sizes.map((size, i) => file(`c/${i}`, { content: Buffer.alloc(size) }))),
        { ...limits, unpacked: 100_000 },
      );
    expect(await sized(600, 600, 600)).toBeDefined();
    await expect(sized(601)).rejects.toMatchObject({ reason: "too-large" });
    await expect(sized(1, 1, 1, 1)).rejects.toMatchObject({ reason: "too-many-entries" });
    const three = hostileArchive(...[0, 1, 2].map((i) => file(`c/${i}`, { content: Buffer.alloc(600) })));
    // Chart.yaml has 23 bytes.
    expect(await openArchive(three, { ...limits, unpacked: 1824 })).toBeDefined();
    await expect(openArchive(three, { ...limits, unpacked: 1823 })).rejects.toMatchObject({
      reason: "too-large",
    });
  });

  test("counts the directories that only names imply, so that few entries cannot make many", async () => {
    const limits = { unpacked: 100_000, file: 600, entries: 7 };
    expect((await openArchive(hostileArchive(file("c/1/2/3/4/5/6")), limits)).files).toHaveLength(2);
    for (const deep of [file("c/1/2/3/4/5/6/7"), file("c/1/2/3/4/5/6/7/8", { type: "5" })])
      await expect(openArchive(hostileArchive(deep), limits)).rejects.toMatchObject({
        reason: "too-many-entries",
      });
  });

  test("refuses a bomb of headers alone", async () => {
    const limits = { unpacked: 100_000, file: 100_000, entries: 10 };
    const comments = [1, 2, 3].map(() => paxHeader({ comment: "x".repeat(60_000) }));
    await expect(openArchive(hostileArchive(...comments), limits)).rejects.toMatchObject({
      reason: "too-large",
    });
  });

  test("stops a bomb of zeros", async () => {
    const bomb = gzipSync(Buffer.alloc(30_000_000));
    const limits = { unpacked: 100_000, file: 100_000, entries: 10 };
    await expect(openArchive(bomb, limits)).rejects.toMatchObject({ reason: "too-large" });
  });
});
