import { createRoot } from "react-dom/client";
import { Streamdown } from "streamdown";

const root = createRoot(document.getElementById("view"));
globalThis.show = (text) => root.render(<Streamdown>{text}</Streamdown>);
