import { ChartroomError } from "../../oci/errors.ts";
import { parseLoginTarget } from "../../oci/reference.ts";
import { nameOf } from "../../remote/credentials/credential.ts";
import { forgetLogin } from "../../remote/credentials/keep.ts";
import { findLogin } from "../../remote/credentials/search.ts";
import { loginsOf } from "../connection.ts";
import type { Context, GlobalOptions } from "../context.ts";
import { print } from "../output.ts";

/**
 * `registry logout HOST[/PATH]`: forget a registry's login. Only the file that login writes is touched; when another one
 * still logs in, that is said.
 */
export async function logout([host = ""]: string[], options: GlobalOptions, context: Context): Promise<void> {
  const target = parseLoginTarget(host);
  const logins = loginsOf(options, context);
  const forgotten = await forgetLogin(logins, target);
  const other = await findLogin(logins, target, () => {});
  const still = other && `${other.source} still logs in to ${host} as ${nameOf(other)}`;
  if (!forgotten)
    throw new ChartroomError("not_found", `not logged in to ${host}`, still ? { hint: `But ${still}.` } : {});
  if (still) context.tell(`Note: ${still}.\n`);
  print(context, options, {
    text: "Logout succeeded\n",
    json: {
      registry: target.registry,
      ...(target.path !== undefined && { path: target.path }),
      status: "removed",
    },
    quiet: undefined,
  });
}
