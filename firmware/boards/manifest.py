include("manifest_stock.py")
include("../../lib/manifest.py")
