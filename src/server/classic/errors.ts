import { ChartroomError } from "../../oci/errors.ts";
import { faults, RegistryError } from "../../registry/errors.ts";
import { jsonAnswer } from "../answer.ts";

/** A refusal in ChartMuseum's words (its `multitenant/handlers.go` and `api.go`). */
export class MuseumError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A chart's repository that a caller may not reach; a login may help. */
export class NotAllowed extends Error {}

/** An error as ChartMuseum tells a refusal. What is none of this door's is thrown again. */
export function museumRefusal(error: unknown, challenge: string | undefined): Response {
  if (error instanceof MuseumError) return jsonAnswer({ error: error.message }, error.status);
  if (error instanceof NotAllowed)
    return challenge === undefined
      ? jsonAnswer({ error: faults.denied.message }, faults.denied.status)
      : jsonAnswer({ error: "unauthorized" }, 401, { "www-authenticate": challenge });
  if (error instanceof RegistryError && error.fault === "tagTaken")
    return jsonAnswer({ error: "file already exists" }, 409);
  if (error instanceof ChartroomError && (error.code === "invalid" || error.code === "usage"))
    return jsonAnswer({ error: error.message }, 400);
  throw error;
}

/**
 * An error of any kind in ChartMuseum's form: its plugin cm-push shows the member `error`, and of anything else says that it could
 * not parse it. What is in that form already, and no error, stays as it is.
 */
export async function asMuseum(response: Response): Promise<Response> {
  if (response.headers.get("content-type") !== "application/json") return response;
  const bytes = await response.bytes();
  const { errors: [first] = [] } = JSON.parse(new TextDecoder().decode(bytes)) as {
    errors?: { code: string; message: string }[];
  };
  const { status, headers } = response;
  if (first === undefined) return new Response(bytes, { status, headers });
  const error = first.code === "UNAUTHORIZED" ? "unauthorized" : first.message;
  return jsonAnswer({ error }, status, { ...Object.fromEntries(headers), "content-length": undefined });
}
