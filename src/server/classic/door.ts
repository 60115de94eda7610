import { type Eventual, orElse } from "../../oci/eventual.ts";
import type { Call } from "../call.ts";
import { pullChart, pullMetadata, pullProvenance } from "./archives.ts";
import { chartIndex } from "./chartIndex.ts";
import { museumRefusal } from "./errors.ts";
import {
  listCharts,
  listMisplaced,
  museumHealth,
  museumInfo,
  showTemplates,
  showValues,
  showVersion,
  showVersions,
} from "./museum.ts";
import { deleteVersion, postChart, postProvenance } from "./post.ts";
import type { ClassicRoute } from "./route.ts";

/** The door for those who speak `index.yaml` or ChartMuseum's API. Who may do what is asked here, once the chart is known. */
export function classicDoor(call: Call, route: ClassicRoute): Eventual<Response> {
  return orElse(
    () => operate(call, route),
    (error) => museumRefusal(error, call.challenge),
  );
}

function operate(call: Call, route: ClassicRoute): Eventual<Response> {
  switch (route.op) {
    case "chart-index":
      return chartIndex(call, route);
    case "pull-chart":
      return pullChart(call, route);
    case "pull-provenance":
      return pullProvenance(call, route);
    case "pull-metadata":
      return pullMetadata(call, route);
    case "list-charts":
      return listCharts(call, route);
    case "list-misplaced":
      return listMisplaced(call, route);
    case "show-versions":
      return showVersions(call, route);
    case "show-version":
      return showVersion(call, route);
    case "show-templates":
      return showTemplates(call, route);
    case "show-values":
      return showValues(call, route);
    case "post-chart":
      return postChart(call, route);
    case "post-provenance":
      return postProvenance(call, route);
    case "delete-version":
      return deleteVersion(call, route);
    case "museum-health":
      return museumHealth();
    case "museum-info":
      return museumInfo(call);
  }
}
