import type { Eventual } from "../oci/eventual.ts";
import { RegistryError } from "../registry/errors.ts";
import type { Call } from "./call.ts";
import { classicDoor } from "./classic/door.ts";
import type { Route } from "./route.ts";
import { base, welcome } from "./v2/base.ts";
import { deleteBlob, pullBlob } from "./v2/blobs.ts";
import { listRepositories } from "./v2/catalog.ts";
import { errorAnswer } from "./v2/errors.ts";
import { deleteManifest, pullManifest, pushManifest } from "./v2/manifests.ts";
import { listReferrers } from "./v2/referrers.ts";
import { listTags } from "./v2/tags.ts";
import { appendUpload, cancelUpload, finishUpload, openUpload, showUpload } from "./v2/uploads.ts";

/** Do what a route says: one function for each operation. */
export function operate(call: Call, route: Route): Eventual<Response> {
  if ("door" in route) return classicDoor(call, route);
  switch (route.op) {
    case "welcome":
      return welcome(call);
    case "base":
      return base();
    case "list-repositories":
      return listRepositories(call);
    case "list-tags":
      return listTags(call, route);
    case "list-referrers":
      return listReferrers(call, route);
    case "pull-manifest":
      return pullManifest(call, route);
    case "push-manifest":
      return pushManifest(call, route);
    case "delete-manifest":
      return deleteManifest(call, route);
    case "pull-blob":
      return pullBlob(call, route);
    case "delete-blob":
      return deleteBlob(call, route);
    case "open-upload":
      return openUpload(call, route);
    case "show-upload":
      return showUpload(call, route);
    case "append-upload":
      return appendUpload(call, route);
    case "finish-upload":
      return finishUpload(call, route);
    case "cancel-upload":
      return cancelUpload(call, route);
    case "unsupported":
      return errorAnswer(new RegistryError("methodUnsupported"), { allow: route.allow });
    case "unknown":
      throw new RegistryError("pathUnknown");
  }
}
