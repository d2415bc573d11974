/** 语音消息。 */
export const voice = {
  "voice.record": "录制语音消息",
  "voice.hint": "按住以录制语音消息",
  "voice.recording": "你的麦克风已打开",
  "voice.asking": "浏览器正在询问是否可以使用麦克风。",
  "voice.held": "松开即发送，按 Esc 放弃。",
  "voice.open": "再按一次麦克风即发送，按 Esc 放弃。",
  "voice.ending": "到 {time} 自动结束并发送。",
  "voice.cancel": "取消",
  "voice.tooShort": "录音太短。请在说话时按住麦克风。",
  "voice.unplayable": "此浏览器无法播放，可以下载。",
  "voice.play": "播放",
  "voice.pause": "暂停",
  "voice.position": "播放位置",
} as const;
