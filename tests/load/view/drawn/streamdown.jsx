// Streamdown with its own plug-ins for coloured code and formulas.
import { code } from "@streamdown/code";
import { createMathPlugin } from "@streamdown/math";
import { createRoot } from "react-dom/client";
import { Streamdown } from "streamdown";

const plugins = { code, math: createMathPlugin({ singleDollarTextMath: true }) };
const root = createRoot(document.getElementById("view"));
globalThis.show = (text) => root.render(<Streamdown plugins={plugins}>{text}</Streamdown>);
