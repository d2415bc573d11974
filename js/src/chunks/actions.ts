// Lazy chunk: what can be done with a message.
import actionsCss from "../styles/actions.css?inline";
import { actions } from "../texts/en/actions";
import { addTexts } from "../texts/texts";

addTexts(actions);

export { EditForm } from "../views/actions/edit-form";
export { Toolbar } from "../views/actions/toolbar";
/** Its style. */
export { actionsCss as css };
