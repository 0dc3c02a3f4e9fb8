import { z } from "zod";
import { operation } from "../operation.ts";

export const getPrometheus = operation({
  id: "getPrometheus",
  method: "get",
  path: "/metrics",
  summary: "Counters, gauges and histograms for Prometheus.",
  answer: () => z.unknown(),
  files: ["text/plain"],
});
