/** Texts of the way past a busy kernel. */
export const secondWay = {
  "secondWay.kernel": "What you do here goes through the kernel.",
  "secondWay.hub":
    "The kernel is busy: what you do here goes straight to the hub, through the Jupyter server.",
  "secondWay.own":
    "In a shared notebook you are yourself: what you do here goes to the hub as {name}, through the Jupyter server.",
  "secondWay.absent":
    "A cell is running. What you do here waits until it ends: this Jupyter server knows no way past the kernel.",
  "secondWay.denied":
    "A cell is running. What you do here waits until it ends: this Jupyter server does not let you write.",
  "secondWay.unreachable":
    "A cell is running. What you do here waits until it ends: the Jupyter server does not answer.",
  "secondWay.person":
    "A cell is running. What you do here waits until it ends: in Jupyter you are {name}, in this kernel somebody else.",
  "secondWay.elsewhere":
    "A cell is running. What you do here waits until it ends: the kernel and the Jupyter server use different hubs.",
} as const;
