//! Dark, light, or as the system has it: kept in a cookie.

use axum::extract::State;
use axum::response::Response;
use server::App;

use crate::answer;
use crate::form::Open;
use crate::page::sign_in::own_path;
use crate::session::{THEME, is_https};

pub(crate) async fn set(State(app): State<App>, Open(fields): Open) -> Response {
    let mut response = answer::see(own_path(fields.text("back")));
    let (value, age) = match fields.text("theme") {
        "dark" => ("dark", 31_536_000),
        "light" => ("light", 31_536_000),
        _ => ("", 0),
    };
    let secure = if is_https(&app) { "; Secure" } else { "" };
    let cookie = format!("{THEME}={value}; Path=/; SameSite=Lax; Max-Age={age}{secure}");
    answer::set_cookie(&mut response, &cookie);
    response
}
