"""How headers of real tables are read."""

MAPPING = {
    "學年度": "year",
    "縣市名稱": "county",
    "學校代碼": "school_code",
    "學校名稱": "school",
    "classes_total": "classes",
    "students_total": "students",
    "teachers_total": "teachers",
}


STANDARD = """
id = "teachers-only"
document = "试算"
number = "试〔2026〕1号"
issued = "2026-11"
jurisdiction = "TW"
last_checked_on = "2026-11-22"
label = { zh = "专任教师试算", en = "Trial on teachers" }
parts = ["resources"]
indicators = ["teachers_per_hundred_students"]

[sources.S1]
title = "试算"

[[limits]]
kind = "each"
stage = "primary"
value = 0.50
clause = "试算"
source = "S1"
standing = "derived"

[[items]]
id = "coefficients"
part = "resources"
rule = "each_coefficient"
label = { zh = "差异系数", en = "Difference coefficients" }
clause = "试算"
source = "S1"
standing = "derived"
"""
