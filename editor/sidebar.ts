/** The tab "Modem" of the sidebar, as a plugin of the editor. */
import { addTab } from "./sidebar/tab";

RED.plugins.registerPlugin("quectel-modem-sidebar", { onadd: addTab });
