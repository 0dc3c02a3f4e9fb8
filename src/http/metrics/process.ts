import { type EventLoop, version } from "../../core/base/index.ts";
import type { Family } from "../../core/metrics/index.ts";

/** The process, under the names that dashboards for Node know. */
export function processFamilies(eventLoop: EventLoop, nowMs: number): readonly Family[] {
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const { p50, p99, max } = eventLoop.takeLateness();
  const startedAt = nowMs / 1_000 - process.uptime();
  return [
    {
      name: "flyball_build_info",
      help: "Which version runs, on which Node.",
      type: "gauge",
      samples: [{ labels: { version, node: process.version }, value: 1 }],
    },
    counter("process_cpu_seconds_total", "Processor time that was used.", (user + system) / 1e6),
    gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", startedAt),
    gauge("process_resident_memory_bytes", "Memory that the process holds.", rss),
    gauge("nodejs_heap_size_used_bytes", "JavaScript values.", heapUsed),
    gauge("nodejs_heap_size_total_bytes", "Memory for JavaScript values.", heapTotal),
    gauge("nodejs_external_memory_bytes", "Memory of buffers and the like.", external),
    gauge(
      "nodejs_eventloop_lag_p50_seconds",
      "How late half of the timers were since the scrape before.",
      p50,
    ),
    gauge("nodejs_eventloop_lag_p99_seconds", "The same for 99 of 100.", p99),
    gauge("nodejs_eventloop_lag_max_seconds", "The latest since the scrape before.", max),
  ];
}

export function gauge(name: string, help: string, value: number): Family {
  return { name, help, type: "gauge", samples: [{ labels: {}, value }] };
}

export function counter(name: string, help: string, value: number): Family {
  return { name, help, type: "counter", samples: [{ labels: {}, value }] };
}
