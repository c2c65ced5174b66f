// The answer shows in place. Without this script the form works all the same: its answer is then a page of its own.
(() => {
  const HOUR = 3600e3
  for (const form of document.querySelectorAll("form[data-stay-updated]")) {
    const answer = form.querySelector("[role=status]")
    const fields = form.querySelector(".stay-updated-fields")
    const field = form.elements.namedItem("form")
    const pasted = field.value
    let asked = null
    let at = 0
    let isShared = true

    // A form of this very moment: the server counts the one that was pasted more strictly.
    const url = `${form.dataset.stayUpdated}?form=${encodeURIComponent(pasted)}`
    const renew = async () => {
      at = Date.now()
      const response = await fetch(url, { credentials: "omit" })
      isShared = true
      if (!response.ok) throw new Error(response.statusText)
      const fresh = await response.json()
      field.value = fresh.form
      return performance.now() + fresh.wait * 1000
    }
    const fresh = () => {
      if (!asked || Date.now() - at > HOUR) {
        asked = renew().catch(async error => {
          asked = null
          field.value = pasted
          // Only the blog may read answers; on its page under another address the service is there, and unreadable.
          const probe = error instanceof TypeError && fetch(url, { credentials: "omit", mode: "no-cors" })
          isShared = !probe || await probe.then(() => false, () => true)
          return 0
        })
      }
      return asked
    }
    const send = async counts => {
      const rest = counts - performance.now()
      if (rest > 0) await new Promise(resolve => setTimeout(resolve, rest))
      const response = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "application/json" },
        credentials: "omit",
      })
      const said = await response.json()
      return { done: response.ok, message: said.message }
    }

    form.addEventListener("focusin", () => fresh(), { once: true })
    form.addEventListener("submit", async event => {
      event.preventDefault()
      if (form.getAttribute("aria-busy") === "true") return
      form.setAttribute("aria-busy", "true")
      answer.textContent = ""
      const counts = await fresh()
      if (!isShared) {
        form.removeAttribute("aria-busy")
        form.submit()
        return
      }
      const { done, message } = await send(counts).catch(() => ({ done: false, message: "" }))
      form.removeAttribute("aria-busy")
      fields.hidden = done
      answer.textContent = message || form.dataset.oops
    })
  }
})()
