/**
 * Nothing from anywhere but this server, no script or style written into a page, and no frame around it:
 * what a model wrote can neither run nor call out, whatever it gets a page to show.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Of everything that a browser shows. */
export const pageHeaders = { "content-security-policy": policy, "referrer-policy": "no-referrer" };
