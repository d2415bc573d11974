import type { Catalogue } from "../texts";

export const lab = {
  "lab.chat": "聊天",
  "lab.open": "打开",
  "lab.focus": "转到输入框",
  "lab.ask": "询问所选单元格",
  "lab.explain": "解释最近的错误",
  "lab.insert": "在下方插入代码",
  "lab.replace": "替换单元格",
  "lab.notify": "被提及时通知我",
  "lab.command": "聊天：{name}",
  "lab.caption": "与模型以及同一对话中所有人的实时聊天",
  "lab.loading": "正在打开聊天…",
  "lab.absent":
    "此 Jupyter 服务器没有聊天功能：其扩展 conduit_widget.jupyter 未安装或未启用。可用“jupyter server extension list”查看。",
  "lab.denied": "Jupyter 服务器要求重新登录：请重新加载页面。",
  "lab.unreachable": "Jupyter 服务器没有响应。",
  "lab.unloaded": "Jupyter 服务器未发送聊天的浏览器部分。",
  "lab.broken": "无法打开聊天：{reason}",
  "lab.again": "重试",
  "lab.unread": { other: "{count} 条未读" },
} as const satisfies Catalogue;
