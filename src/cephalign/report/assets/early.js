// Before anything is drawn: whoever can unpack the scans sees them, everyone else a picture.
if ("DecompressionStream" in window) document.documentElement.className = "interactive";
