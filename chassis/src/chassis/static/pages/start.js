// The pages work without this: it moves the focus to an error summary and stops double clicks.
import { initAll } from "./nhsuk-frontend.min.js";

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");
initAll();
