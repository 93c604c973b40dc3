"""Accounts of staff on the set-up page."""

from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.browser


async def test_an_administrator_makes_a_remote_secretary_for_two_doctors(
    at_the_desk: Any, clinic: Any
) -> None:
    visitor = await at_the_desk("admin", path="/setup#staff", width=360)
    page, name = visitor.page, f"Ольга {uuid4().hex[:8]}"
    email = f"{uuid4().hex}@demo-kz.example"
    await page.locator("#add").click()
    await page.get_by_label("Имя полностью").fill(name)
    await page.get_by_label("E-mail").fill(email)
    await page.locator('input[type="password"]').fill("a quiet voice on the phone")
    await page.get_by_label("Администратор на ресепшене").uncheck()
    await page.get_by_label("Удалённый секретарь").check()
    doctors = page.get_by_role("group", name="Записывает к").get_by_role("checkbox")
    for number in range(2):
        await doctors.nth(number).check()
    await visitor.check()
    await page.locator('button[type="submit"]').click()
    await page.locator("#add").wait_for()
    staff = (await clinic.http.get("/api/v1/staff", headers=await clinic.login("admin"))).json()["staff"]
    [made] = [one for one in staff if one["email"] == email]
    assert made["roles"] == ["delegate"]
    assert len(made["practitioner_ids"]) == 2

    await page.get_by_role("button", name=name).click()
    await expect(page.get_by_label("E-mail")).to_be_disabled()
    await page.get_by_label("Удалённый секретарь").uncheck()
    await page.get_by_label("Бухгалтерия").check()
    await expect(page.get_by_role("group", name="Записывает к")).to_be_hidden()
    await page.locator('button[type="submit"]').click()
    await page.locator("#add").wait_for()
    staff = (await clinic.http.get("/api/v1/staff", headers=await clinic.login("admin"))).json()["staff"]
    [changed] = [one for one in staff if one["email"] == email]
    assert (changed["roles"], changed["practitioner_ids"]) == (["accounting"], [])


async def test_accounts_are_not_for_managers(at_the_desk: Any) -> None:
    visitor = await at_the_desk("manager", path="/setup")
    await visitor.page.locator(".tab").first.wait_for()
    await expect(visitor.page.get_by_role("button", name="Сотрудники")).to_have_count(0)
