//! A Chromium with an empty profile and no way out, driven over `WebDriver`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use thirtyfour::ChromiumLikeCapabilities as _;
use thirtyfour::{By, Capabilities, DesiredCapabilities, WebDriver, WebElement};

use crate::wire::Wire;

/// How long anything may take to show, on a machine that does other things as well.
const PATIENCE: Duration = Duration::from_secs(60);

/// Of a picture, in CSS pixels.
const HIGHEST: u64 = 3_000;

const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // A click waits for no page to come to rest.
    "--force-prefers-reduced-motion",
    // Whatever would leave this machine finds nobody.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// Where files go that a page gives, within the profile.
const SAVED: &str = "saved";

pub(crate) struct Browser {
    pub(crate) driver: WebDriver,
    base: String,
    port: u16,
    child: Child,
    profile: tempfile::TempDir,
}

/// However the test ends, its browser ends with it: the driver alone would leave it behind.
impl Drop for Browser {
    fn drop(&mut self) {
        if self.shut_down().is_err() {
            self.child.kill().ok();
        }
        self.child.wait().ok();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    Wide,
    Phone,
}

impl Browser {
    pub(crate) async fn open(base: &str, screen: Screen) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let (child, port) = driver(profile.path());
        let mut wanted = DesiredCapabilities::chrome();
        for flag in FLAGS {
            wanted.add_arg(flag).unwrap();
        }
        wanted.add_arg(&format!("--user-data-dir={}", profile.path().display())).unwrap();
        match screen {
            Screen::Wide => wanted.add_arg("--window-size=1280,1000").unwrap(),
            Screen::Phone => {
                let metrics = json!({"width": 390, "height": 844, "pixelRatio": 2});
                let phone = json!({"deviceMetrics": metrics});
                wanted.add_experimental_option("mobileEmulation", phone).unwrap();
            }
        }
        let saved = json!({"download.default_directory": profile.path().join(SAVED)});
        wanted.add_experimental_option("prefs", saved).unwrap();
        let wanted: Capabilities = wanted.into();
        let url = format!("http://127.0.0.1:{port}");
        let driver = WebDriver::builder(url, wanted).client(Wire::new()).await.unwrap();
        Self { driver, base: base.to_owned(), port, child, profile }
    }

    /// The driver closes its browsers and goes.
    fn shut_down(&self) -> std::io::Result<()> {
        let mut driver = TcpStream::connect(("127.0.0.1", self.port))?;
        driver.set_read_timeout(Some(PATIENCE))?;
        driver
            .write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        driver.read_to_end(&mut Vec::new()).map(drop)
    }

    pub(crate) async fn go(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.base)).await.unwrap();
    }

    /// The text of the file that a page gave, once it is there whole.
    pub(crate) async fn saved(&self, ending: &str) -> String {
        let (since, folder) = (Instant::now(), self.profile.path().join(SAVED));
        loop {
            let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
            let mut paths = files.map(|it| it.path());
            let file = paths.find(|it| it.extension().is_some_and(|it| it == ending));
            let text = file.and_then(|it| std::fs::read_to_string(it).ok()).unwrap_or_default();
            if !text.is_empty() {
                return text;
            }
            assert!(since.elapsed() < PATIENCE, "no file was saved: {}", self.text().await);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// The path and query that the address bar shows.
    pub(crate) async fn address(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        let query = url.query().map(|it| format!("?{it}")).unwrap_or_default();
        format!("{}{query}", url.path())
    }

    /// Waits until an element is there and seen.
    pub(crate) async fn find(&self, css: &str) -> WebElement {
        let since = Instant::now();
        loop {
            for it in self.driver.find_all(By::Css(css)).await.unwrap_or_default() {
                if it.is_displayed().await.unwrap_or_default() {
                    return it;
                }
            }
            assert!(since.elapsed() < PATIENCE, "no {css} in {}", self.text().await);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// A link or a button by what it says.
    pub(crate) async fn press(&self, words: &str) {
        let since = Instant::now();
        let path =
            format!("//*[self::a or self::button or self::summary][normalize-space()='{words}']");
        loop {
            for it in self.driver.find_all(By::XPath(path.as_str())).await.unwrap_or_default() {
                if it.is_displayed().await.unwrap_or_default() && it.click().await.is_ok() {
                    return;
                }
            }
            assert!(since.elapsed() < PATIENCE, "nothing says {words}: {}", self.text().await);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    pub(crate) async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    pub(crate) async fn write(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Chooses an option by its value.
    pub(crate) async fn choose(&self, css: &str, value: &str) {
        self.click(&format!("{css} option[value='{value}']")).await;
    }

    /// Waits until the page says this.
    pub(crate) async fn says(&self, words: &str) {
        let since = Instant::now();
        while !self.text().await.contains(words) {
            assert!(
                since.elapsed() < PATIENCE,
                "the page never said {words}: {}",
                self.text().await
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn text(&self) -> String {
        let text = self.run("return document.body ? document.body.innerText : ''").await;
        text.as_str().unwrap_or_default().to_owned()
    }

    pub(crate) async fn run(&self, script: &str) -> Value {
        match self.driver.execute(script, Vec::new()).await {
            Ok(it) => it.json().clone(),
            // Between two pages there is nobody to answer.
            Err(_) => Value::Null,
        }
    }

    pub(crate) async fn sign_in(&self, key: &str) {
        self.go("/sign-in").await;
        self.write("#key", key).await;
        self.press("Sign in").await;
        self.find("nav.rail").await;
    }

    /// Everything that this page has loaded came from here.
    pub(crate) async fn stays_at_home(&self) {
        let loaded =
            self.run("return performance.getEntriesByType('resource').map((it) => it.name)").await;
        for it in loaded.as_array().unwrap_or(&Vec::new()) {
            let url = it.as_str().unwrap_or_default();
            assert!(url.starts_with(&self.base) || url.starts_with("data:"), "{url}");
        }
    }

    /// Nothing serious or critical stands in anybody's way.
    pub(crate) async fn is_accessible(&self, page: &str) {
        let script = std::fs::read_to_string(axe()).unwrap_or_else(|error| {
            panic!("{}: {error}; ./test gets the accessibility checker", axe().display())
        });
        self.driver.execute(script, Vec::new()).await.unwrap();
        let check = "const done = arguments[arguments.length - 1];
            axe.run(document, {resultTypes: ['violations']}).then((it) => done(it.violations
              .filter((it) => it.impact === 'serious' || it.impact === 'critical')
              .map((it) => it.id + ': ' + it.nodes.slice(0, 3).map((it) => it.html + ' ' + it.failureSummary).join(' | '))));";
        let found = self.driver.execute_async(check, Vec::new()).await.unwrap();
        let found = found.json().as_array().cloned().unwrap_or_default();
        assert!(found.is_empty(), "{page}: {found:#?}");
    }

    /// Opens the last of the questions that the page asks before an act.
    pub(crate) async fn asked(&self) {
        let script = "const all = document.querySelectorAll('main details.careful');
            if (all.length) { const it = all[all.length - 1]; it.open = true;
              it.scrollIntoView({block: 'center'}); }";
        self.run(script).await;
    }

    /// The whole page, however long it is; of a very long one its first screens.
    pub(crate) async fn picture(&self, name: &str) {
        let folder = target().join("console-screens");
        std::fs::create_dir_all(&folder).unwrap();
        let size = self.run("return [innerWidth, document.documentElement.scrollHeight]").await;
        let side = |at: usize| size[at].as_u64().unwrap_or(800);
        let clip =
            json!({"x": 0, "y": 0, "width": side(0), "height": side(1).min(HIGHEST), "scale": 1});
        let wanted = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let shot = self.driver.cdp().send_raw("Page.captureScreenshot", wanted).await.unwrap();
        let bytes = STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }
}

/// The driver on a port of its own choice; the browser starts with it.
fn driver(home: &Path) -> (Child, u16) {
    let child = Command::new("chromedriver")
        .arg("--port=0")
        .env("HOME", home)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.unwrap_or_else(|error| {
        panic!("chromedriver: {error}; ./test installs chromium and chromium-driver")
    });
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let (_, rest) = line.split_once("started successfully on port ")?;
        rest.trim_end_matches('.').parse().ok()
    });
    // It goes on to write; nobody need read it, but somebody must.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    (child, port.unwrap_or_else(|| panic!("chromedriver did not say its port")))
}

fn axe() -> PathBuf {
    target().join("axe/package/axe.min.js")
}

/// The build directory.
fn target() -> PathBuf {
    testkit::program("wireline").ancestors().nth(2).unwrap().to_path_buf()
}
