import { describe, expect, test } from "bun:test";
import { ChartroomError } from "../../oci/errors.ts";
import { type Fault, faults, RegistryError } from "../../registry/errors.ts";
import { errorAnswer } from "./errors.ts";

/** distribution-spec v1.1.1, "Error Codes". */
const specified = [
  "BLOB_UNKNOWN",
  "BLOB_UPLOAD_INVALID",
  "BLOB_UPLOAD_UNKNOWN",
  "DIGEST_INVALID",
  "MANIFEST_BLOB_UNKNOWN",
  "MANIFEST_INVALID",
  "MANIFEST_UNKNOWN",
  "NAME_INVALID",
  "NAME_UNKNOWN",
  "SIZE_INVALID",
  "UNAUTHORIZED",
  "DENIED",
  "UNSUPPORTED",
  "TOOMANYREQUESTS",
];

describe("errorAnswer", () => {
  for (const fault of Object.keys(faults) as Fault[])
    test(`${fault} has a code of the specification`, async () => {
      const { code, status, message } = faults[fault];
      expect(specified).toContain(code);
      const response = errorAnswer(new RegistryError(fault));
      expect(response.status).toBe(status);
      expect(response.headers.get("content-type")).toBe("application/json");
      expect(await response.json()).toEqual({ errors: [{ code, message }] });
    });

  test("several details are several errors", async () => {
    const details = [{ digest: "a" }, { digest: "b" }];
    const response = errorAnswer(
      new RegistryError("manifestBlobUnknown", { message: "both are missing", details }),
    );
    const error = { code: "MANIFEST_BLOB_UNKNOWN", message: "both are missing" };
    expect(await response.json()).toEqual({ errors: details.map((detail) => ({ ...error, detail })) });
  });

  test("a busy catalog is asked again later", () => {
    const response = errorAnswer(new ChartroomError("busy", "Cannot write"));
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
  });

  test("a disk without room is told, and not where it is", async () => {
    for (const code of ["ENOSPC", "EDQUOT"]) {
      const response = errorAnswer(Object.assign(new Error("write '/srv/secret'"), { code }));
      expect([response.status, await response.text()]).toEqual([
        507,
        expect.stringContaining("disk is full"),
      ]);
    }
  });

  test("anything else gives nothing away", async () => {
    for (const error of [
      new ChartroomError("storage", "/srv/secret"),
      new Error("/srv/secret"),
      "secret",
      undefined,
    ]) {
      const response = errorAnswer(error);
      expect(response.status).toBe(500);
      expect(await response.text()).not.toContain("secret");
    }
  });
});
