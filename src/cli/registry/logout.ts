import { ChartroomError } from "../../oci/errors.ts";
import { parseRegistryHost } from "../../oci/reference.ts";
import { removeCredential } from "../../remote/credentials.ts";
import { credentialFilesOf } from "../connection.ts";
import type { Context, GlobalOptions } from "../context.ts";
import { print } from "../output.ts";

/** `registry logout HOST`: forget a registry's login. Only the file that login writes is touched. */
export async function logout([host = ""]: string[], options: GlobalOptions, context: Context): Promise<void> {
  const registry = parseRegistryHost(host);
  const { own } = credentialFilesOf(options, context);
  if (!(await removeCredential(context.fs, own, registry, context.signal)))
    throw new ChartroomError("not_found", `not logged in to ${registry}`);
  print(context, options, {
    text: "Logout succeeded\n",
    json: { registry, status: "removed" },
    quiet: undefined,
  });
}
